"""While the database is unavailable or its disk is full: 503 and one sentence, the same in the page and the JSON. The page holds what was sent.

This asks the database nothing. Signed-in users stay signed in: their session could not be read, and is not changed.
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

RETRY_AFTER_SECONDS = "10"


def init_outage(app: Flask) -> None:
    """Call this before anything that reads the session."""
    app.before_request(_raise_session_load_error)
    app.register_error_handler(DatabaseError, _handle_database_error)
    app.register_error_handler(InternalServerError, _handle_server_error)


def _raise_session_load_error() -> None:
    """Raise DatabaseError, except for probes and for the stylesheet of the page that explains the outage."""
    session, options = request_ctx.session, current_view_options()
    if isinstance(session, BrowserSession) and session.load_error and not (options.is_probe or options.may_be_cached):
        raise session.load_error


def _handle_database_error(error: DatabaseError) -> Any:
    refusal = refusal_of(error)
    if refusal is None:
        return handle_unexpected(error)
    mark_database_unavailable()
    posted = posted_form()
    response = current_app.make_response(error_response(status_of(refusal), refusal.sentence, refusal.code, posted=posted))
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _handle_server_error(error: InternalServerError) -> Any:
    """A database error outside a view, such as while the session is stored after its page was rendered."""
    if isinstance(error.original_exception, DatabaseError):
        return _handle_database_error(error.original_exception)
    return handle_http_error(error)
