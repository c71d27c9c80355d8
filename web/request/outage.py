"""Where the database is away or its disk is full: 503 and one sentence, the same in the page and the JSON; what was sent is on the page.

Nothing is asked of the database for it. Whoever was signed in stays so: their session could not be read, and is not touched.
"""

from typing import Any

from flask import Flask, current_app
from flask.globals import request_ctx
from werkzeug.exceptions import InternalServerError

from web.request.browser_session import BrowserSession
from web.request.context import mark_database_unavailable
from web.request.errors import error_response, handle_http_error, handle_unexpected, status_of
from web.request.form_replay import posted_form
from web.request.view_options import current_view_options
from workflow.storage.database_errors import refusal_of
from workflow.storage.engine import DatabaseError

AGAIN_AFTER = "10"
"""Seconds, as programs are told."""


def init_outage(app: Flask) -> None:
    """Before whatever looks into the session."""
    app.before_request(_say_why_the_session_is_unread)
    app.register_error_handler(DatabaseError, _away)
    app.register_error_handler(InternalServerError, _around_a_view)


def _say_why_the_session_is_unread() -> None:
    """Raises DatabaseError, but not to those who ask for nobody’s sake: probes, and the page that says it for its stylesheet."""
    session, options = request_ctx.session, current_view_options()
    if isinstance(session, BrowserSession) and session.load_error and not (options.is_probe or options.may_be_cached):
        raise session.load_error


def _away(error: DatabaseError) -> Any:
    refusal = refusal_of(error)
    if refusal is None:
        return handle_unexpected(error)
    mark_database_unavailable()
    sent = posted_form()
    response = current_app.make_response(error_response(status_of(refusal), refusal.sentence, refusal.code, sent=sent))
    response.headers["Retry-After"] = AGAIN_AFTER
    return response


def _around_a_view(error: InternalServerError) -> Any:
    """As while a session is stored, after its page was made."""
    if isinstance(error.original_exception, DatabaseError):
        return _away(error.original_exception)
    return handle_http_error(error)
