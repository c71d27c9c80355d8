"""One table gives each refusal its status; the sentence is the same in the page and in the JSON."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from web.request.context import database_is_unavailable, mark_database_unavailable
from web.request.form_replay import PostedForm
from web.request.log_context import record_refusal
from web.request.logging_setup import location_of
from web.request.read_log import both_texts
from web.request.view_options import current_view_options
from workflow import errors
from workflow.errors import (
    BadInput,
    EditConflict,
    Missing,
    NotSignedIn,
    PreconditionsNotMet,
    ReadLogUnavailable,
    Refusal,
    SecondFactorRequired,
    TooLarge,
)
from workflow.storage.engine import DatabaseError

TAKEN_AT_ONCE = 2 * 1024 * 1024
LOG = logging.getLogger("practice_audit")
STATUS: dict[type[Refusal], HTTPStatus] = {
    errors.NotSignedIn: HTTPStatus.UNAUTHORIZED,
    errors.SecondFactorRequired: HTTPStatus.FORBIDDEN,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    errors.PermissionDenied: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.InvalidTransition: HTTPStatus.CONFLICT,
    errors.EditConflict: HTTPStatus.CONFLICT,
    errors.PreconditionsNotMet: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.BadInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.IfMatchRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.ReadLogUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DatabaseAway: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DiskFull: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ConfigurationError: HTTPStatus.SERVICE_UNAVAILABLE,
}
SENTENCES = {
    HTTPStatus.BAD_REQUEST: "This request can’t be understood.",
    HTTPStatus.NOT_FOUND: errors.NotFound().sentence,
    HTTPStatus.METHOD_NOT_ALLOWED: "This can’t be done here.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.TooLarge().sentence,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send JSON, as application/json.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong. Nothing was changed; please try again.",
}
WRONG_FORM = "This page was open for too long, or was opened before you signed in. Nothing was changed; please try again."


def init_errors(app: Flask) -> None:
    app.register_error_handler(Refusal, handle_refusal)
    app.register_error_handler(CSRFError, _wrong_form)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_unexpected)


def refuse_too_large() -> None:
    """Raises TooLarge for a body of more than is taken at once, whether or not it says how long it is."""
    if (request.content_length or 0) > TAKEN_AT_ONCE or len(request.get_data()) > TAKEN_AT_ONCE:
        raise TooLarge


def status_of(refusal: Refusal) -> HTTPStatus:
    """Of the answer that is made of it; the request is noted as refused for it."""
    record_refusal(refusal.code)
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def handle_refusal(refusal: Refusal) -> Any:
    if isinstance(refusal, NotSignedIn) and not wants_json():
        return redirect(url_for("sign_in.show", next=request.path if request.method == "GET" else None))
    if isinstance(refusal, SecondFactorRequired) and not wants_json():
        return redirect(url_for("second_proof.show"))
    try:
        more = _more(refusal)
    except ReadLogUnavailable as unread:
        refusal, more = unread, {}
    return error_response(status_of(refusal), refusal.sentence, name=refusal.code, more=more)


def problem_details(status: HTTPStatus, sentence: str, name: str = "", more: dict[str, Any] | None = None) -> dict[str, Any]:
    """RFC 9457 problem details."""
    kind = f"urn:practice-audit:{name}" if name else "about:blank"
    return {"type": kind, "title": status.phrase, "status": int(status), "detail": sentence, **(more or {})}


def error_response(
    status: HTTPStatus, sentence: str, name: str = "", more: dict[str, Any] | None = None, sent: PostedForm | None = None
) -> Any:
    """`sent` is what a page shows again."""
    if wants_json():
        response = current_app.json.response(problem_details(status, sentence, name, more))
        response.content_type, response.status_code = "application/problem+json", int(status)
        if status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return _page({"status": status, "sentence": sentence, "missing": (more or {}).get("missing", ()), "sent": sent}), status


def _page(shown: dict[str, Any]) -> str | Response:
    """Without the name of who is signed in, where the database is away; where even that can’t be made, the sentence alone."""
    try:
        return render_template("refused.html", **shown)
    except Exception as error:  # noqa: BLE001 (whatever it is, somebody waits for an answer)
        if isinstance(error, DatabaseError) and not database_is_unavailable():
            mark_database_unavailable()
            return _page(shown)
        LOG.error("the page of an error failed: %s in %s", type(error).__name__, location_of(error))  # noqa: TRY400 (a traceback would quote)
        return Response(f"{shown['sentence']}\n", content_type="text/plain; charset=utf-8")


def wants_json() -> bool:
    """Programs, and the pages’ own scripts."""
    return request.path.startswith("/api/") or current_view_options().answers_json


def missing_as_json(missing: tuple[Missing, ...]) -> list[dict[str, str]]:
    return [{"section": one.section, "field": one.field, "message": one.message} for one in missing]


def _more(refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, PreconditionsNotMet | BadInput):
        return {"missing" if isinstance(refusal, PreconditionsNotMet) else "errors": missing_as_json(refusal.missing)}
    return both_texts(refusal) if isinstance(refusal, EditConflict) and wants_json() else {}


def _wrong_form(_: CSRFError) -> Any:
    record_refusal("wrong-form")
    return error_response(HTTPStatus.BAD_REQUEST, WRONG_FORM)


def handle_http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    status = HTTPStatus(error.code)
    record_refusal(status.phrase.lower().replace(" ", "-"))
    response = current_app.make_response(error_response(status, SENTENCES.get(status, status.description or status.phrase)))
    allowed: Response = error.get_response()
    if "Allow" in allowed.headers:
        response.headers["Allow"] = allowed.headers["Allow"]
    return response


def handle_unexpected(error: Exception) -> Any:
    # The kind and the place, never the words: an exception may quote the case.
    LOG.error("unexpected %s in %s, at %s %s", type(error).__name__, location_of(error), request.method, request.endpoint)
    if current_app.testing or current_app.debug:
        raise error
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, SENTENCES[HTTPStatus.INTERNAL_SERVER_ERROR])
