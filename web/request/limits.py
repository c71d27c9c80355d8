"""What is refused before anything works on it: an unknown host name, more fields than any page has, a number that no row can have, a text
that takes too long to work on. The web server limits addresses and headers.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.sansio.utils import host_is_trusted

from config.settings import Settings
from web.request.context import current_session
from web.request.errors import error_response, status_of
from web.request.form_replay import leave_form_unread, posted_form
from web.request.view_options import current_view_options
from workflow.errors import BadInput, TooLarge
from workflow.text_limits import ensure_workable
from workflow.validation import called

# Far above what can be saved at once, so that a page with too much text can be shown again with all of it.
MAX_BYTES = 16 * 1024 * 1024
# Decoding 16 MiB takes seconds, and a visitor has nothing so long to send.
MAX_BYTES_OF_VISITORS = 1024 * 1024
MAX_FIELDS = 1_000
MAX_ROW_ID = 2**31 - 1
FORM = "application/x-www-form-urlencoded"
FORMS = {FORM, "multipart/form-data"}
UNTRUSTED = "practice_audit.untrusted_host"
WRONG_HOST = "This service does not have that name."
Environ = dict[str, Any]


class RowIdConverter(IntegerConverter):
    """404 for a number above the highest ID of a row."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=MAX_ROW_ID)


def init_limits(app: Flask, settings: Settings) -> None:
    """Call this before anything else that reads a request: checking the CSRF token already reads the whole body."""
    app.url_map.converters["int"] = RowIdConverter
    app.config.update(MAX_CONTENT_LENGTH=MAX_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BYTES, MAX_FORM_PARTS=MAX_FIELDS)
    app.wsgi_app = _with_trusted_host(app.wsgi_app, settings.trusted_hosts)  # type: ignore[method-assign]
    if count := settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.before_request(_refuse_untrusted_host)
    app.before_request(_refuse_too_many_fields)
    app.before_request(_refuse_unworkable_text)


def _with_trusted_host(inner: Callable[..., Iterable[bytes]], trusted: tuple[str, ...]) -> Callable[..., Iterable[bytes]]:
    """The application sees only these host names; a request by another name is marked as untrusted."""

    def call(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not host_is_trusted(environ.get("HTTP_HOST"), trusted):
            environ["HTTP_HOST"], environ[UNTRUSTED] = trusted[0], True
        return inner(environ, start_response)

    return call


def _refuse_untrusted_host() -> Any:
    if request.environ.get(UNTRUSTED) and not current_view_options().is_probe:
        leave_form_unread()
        return error_response(HTTPStatus.BAD_REQUEST, WRONG_HOST)
    return None


def _refuse_too_many_fields() -> None:
    """Raise TooLarge. Werkzeug itself counts the parts of a multipart form."""
    has_too_many = request.mimetype == FORM and request.get_data().count(b"&") >= MAX_FIELDS
    if has_too_many or (request.mimetype in FORMS and _is_a_visitor() and len(request.get_data()) > MAX_BYTES_OF_VISITORS):
        leave_form_unread()
        raise TooLarge


def _is_a_visitor() -> bool:
    """Nobody signed in, and nobody whose session has just ended: what they wrote is stored for them."""
    session = current_session()
    return session.person_id is None and session.ended_for is None


def _refuse_unworkable_text() -> Any:
    """The page shows all of it again."""
    if request.mimetype not in FORMS or current_view_options().checks_own_text:
        return None
    for name, text in request.form.items(multi=True):
        try:
            ensure_workable(name)
            ensure_workable(text)
        except ValueError as error:
            return error_response(status_of(BadInput()), f"{called(name[:40])}: {error}", BadInput.code, posted=posted_form())
    return None
