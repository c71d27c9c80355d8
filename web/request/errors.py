"""One table gives each refusal its status code; the sentence is the same in the page and in the JSON."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, current_app, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from web.request.context import current_session, database_is_unavailable, mark_database_unavailable
from web.request.form_replay import PostedForm, typed_in_posted_form
from web.request.log_context import record_refusal
from web.request.logging_setup import location_of
from web.request.read_log import both_texts
from web.request.unsaved_forms import is_from_elsewhere, is_written_by_somebody, page_of_form, store_posted_form
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

MAX_BODY_BYTES = 2 * 1024 * 1024
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
    errors.DatabaseUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DiskFull: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ConfigurationError: HTTPStatus.SERVICE_UNAVAILABLE,
}
SENTENCES = {
    HTTPStatus.BAD_REQUEST: "This request can’t be read.",
    HTTPStatus.NOT_FOUND: errors.NotFound().sentence,
    HTTPStatus.METHOD_NOT_ALLOWED: "This can’t be done here.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: errors.TooLarge().sentence,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send JSON, as application/json.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong. Nothing was changed. Try again.",
}
PAGE_TOO_OLD = "This page was open for too long, or you opened it before you signed in. Nothing was changed. Try again."
KEPT = "You have been signed out. We have kept what you typed: sign in again to continue."
KEPT_FROM_OLD_PAGE = "This page was open for too long. Nothing was changed. We have kept what you typed: open the page again to continue."
SIGNED_OUT = "You have been signed out. Nothing was changed. Copy what you typed, then sign in again."


def init_errors(app: Flask) -> None:
    app.register_error_handler(Refusal, handle_refusal)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(Exception, handle_unexpected)


def refuse_too_large() -> None:
    """Raise TooLarge for a body over the limit, whether or not it has a Content-Length."""
    if (request.content_length or 0) > MAX_BODY_BYTES or len(request.get_data()) > MAX_BODY_BYTES:
        raise TooLarge


def status_of(refusal: Refusal) -> HTTPStatus:
    """Return the status code of the refusal, and log that the request was refused for it."""
    record_refusal(refusal.code)
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def handle_refusal(refusal: Refusal) -> Any:
    if isinstance(refusal, NotSignedIn):
        return _ask_to_sign_in(refusal)
    if isinstance(refusal, SecondFactorRequired) and not wants_json():
        store_posted_form()
        return redirect(url_for("second_proof.show"))
    try:
        details = _details(refusal)
    except ReadLogUnavailable as unavailable:
        refusal, details = unavailable, {}
    return error_response(status_of(refusal), refusal.sentence, code=refusal.code, details=details)


def _ask_to_sign_in(refusal: NotSignedIn) -> Any:
    """What was posted is stored first, for the person who wrote it."""
    is_kept = store_posted_form()
    if wants_json():
        return error_response(status_of(refusal), KEPT if is_kept else refusal.sentence, refusal.code)
    if not is_kept and is_written_by_somebody():
        return error_response(status_of(refusal), SIGNED_OUT)
    target = page_of_form() if is_kept or request.method == "GET" else None
    return redirect(url_for("sign_in.show", next=target, kept="yes" if is_kept else None))


def problem_details(status: HTTPStatus, sentence: str, code: str = "", details: dict[str, Any] | None = None) -> dict[str, Any]:
    """RFC 9457 problem details."""
    kind = f"urn:practice-audit:{code}" if code else "about:blank"
    return {"type": kind, "title": status.phrase, "status": int(status), "detail": sentence, **(details or {})}


def error_response(
    status: HTTPStatus,
    sentence: str,
    code: str = "",
    details: dict[str, Any] | None = None,
    posted: PostedForm | None = None,
    page: str = "",
) -> Any:
    """`posted` is the form that a page shows again, `page` where it is put back. Without either, all that was typed is there to be copied."""
    if wants_json():
        response = current_app.json.response(problem_details(status, sentence, code, details))
        response.content_type, response.status_code = "application/problem+json", int(status)
        if status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    typed = () if posted or page or is_from_elsewhere() else typed_in_posted_form()
    shown = {"refused_with": status, "sentence": sentence, "missing": (details or {}).get("missing", ())}
    return _page(shown | {"posted": posted, "page": page, "typed": typed}), status


def _page(shown: dict[str, Any]) -> str | Response:
    """Without the signed-in user’s name where the database is unavailable; the sentence alone where the page can’t be rendered either."""
    try:
        return render_template("refused.html", **shown)
    except Exception as error:  # noqa: BLE001 (somebody waits for an answer, whatever the error)
        if isinstance(error, DatabaseError) and not database_is_unavailable():
            mark_database_unavailable()
            return _page(shown)
        LOG.error("could not render the error page: %s in %s", type(error).__name__, location_of(error))  # noqa: TRY400 (a traceback may quote case text)
        return Response(f"{shown['sentence']}\n", content_type="text/plain; charset=utf-8")


def wants_json() -> bool:
    """Whether a program or a page’s own script made this request."""
    return request.path.startswith("/api/") or current_view_options().answers_json


def missing_as_json(missing: tuple[Missing, ...]) -> list[dict[str, str]]:
    return [{"section": one.section, "field": one.field, "message": one.message} for one in missing]


def _details(refusal: Refusal) -> dict[str, Any]:
    if isinstance(refusal, PreconditionsNotMet | BadInput):
        return {"missing" if isinstance(refusal, PreconditionsNotMet) else "errors": missing_as_json(refusal.missing)}
    return both_texts(refusal) if isinstance(refusal, EditConflict) and wants_json() else {}


def _handle_csrf_error(_: CSRFError) -> Any:
    record_refusal("wrong-form")
    is_kept = store_posted_form()
    if is_kept and current_session().person_id is None and not wants_json():
        return redirect(url_for("sign_in.show", next=page_of_form(), kept="yes"))
    return error_response(HTTPStatus.BAD_REQUEST, KEPT_FROM_OLD_PAGE if is_kept else PAGE_TOO_OLD, page=page_of_form() if is_kept else "")


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
    # The class and the location, never the message: an exception may quote case text.
    LOG.error("unexpected %s in %s, at %s %s", type(error).__name__, location_of(error), request.method, request.endpoint)
    if current_app.testing or current_app.debug:
        raise error
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, SENTENCES[HTTPStatus.INTERNAL_SERVER_ERROR])
