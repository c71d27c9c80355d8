"""What is refused before anything is read: another’s host name, more fields than any page has, a number that no row can have."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.sansio.utils import host_is_trusted

from config.settings import Settings
from web.request.errors import error_response
from web.request.view_options import current_view_options
from workflow.errors import TooLarge

# Far above what is saved at once, so that a page with too much on it can be shown again with every word still there.
MAX_BYTES = 16 * 1024 * 1024
MAX_FIELDS = 1_000
MAX_ROW_ID = 2**31 - 1
FORM = "application/x-www-form-urlencoded"
UNTRUSTED = "practice_audit.untrusted_host"
WRONG_HOST = "This service is not known by that name."
Environ = dict[str, Any]


class RowIdConverter(IntegerConverter):
    """One that is higher than any row’s can be is nobody’s."""

    def __init__(self, rules: Map) -> None:
        super().__init__(rules, max=MAX_ROW_ID)


def init_limits(app: Flask, settings: Settings) -> None:
    """Before whatever else looks at a request: the forms’ own tokens already read the whole body."""
    app.url_map.converters["int"] = RowIdConverter
    app.config.update(MAX_CONTENT_LENGTH=MAX_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BYTES, MAX_FORM_PARTS=MAX_FIELDS)
    app.wsgi_app = _with_a_trusted_host(app.wsgi_app, settings.trusted_hosts)  # type: ignore[method-assign]
    if count := settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    app.before_request(_refuse_another_name)
    app.before_request(_refuse_too_many_fields)


def _with_a_trusted_host(inner: Callable[..., Iterable[bytes]], trusted: tuple[str, ...]) -> Callable[..., Iterable[bytes]]:
    """Nothing inside ever sees another name than these, however the answer comes about."""

    def call(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if not host_is_trusted(environ.get("HTTP_HOST"), trusted):
            environ["HTTP_HOST"], environ[UNTRUSTED] = trusted[0], True
        return inner(environ, start_response)

    return call


def _refuse_another_name() -> Any:
    if request.environ.get(UNTRUSTED) and not current_view_options().is_probe:
        return error_response(HTTPStatus.BAD_REQUEST, WRONG_HOST)
    return None


def _refuse_too_many_fields() -> None:
    """Raises TooLarge. Werkzeug counts the parts of the other kind of form itself."""
    if request.mimetype == FORM and request.get_data().count(b"&") >= MAX_FIELDS:
        raise TooLarge
