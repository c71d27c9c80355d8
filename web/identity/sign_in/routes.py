"""Signing in and out."""

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.credentials.passkeys import are_available
from web.identity.credentials.throttled_login import authenticate
from web.identity.current_user import current_user, sign_out
from web.identity.sign_in.pending_login import complete_or_request_code
from web.request.context import current_session
from web.request.log_context import record_account
from web.request.view_options import ViewOptions
from workflow.errors import TooManyAttempts

pages = Blueprint("sign_in", __name__, template_folder="templates")
REFUSED = "Your email address or password is not correct."


@pages.get("/sign-in")
def show() -> str:
    return page(request.args.get("next", ""))


@pages.post("/sign-in")
@ViewOptions(sign_in_method="password")
def enter() -> Response | tuple[str, HTTPStatus]:
    email, after = request.form.get("email", ""), request.form.get("next", "")
    try:
        person = authenticate(email, request.form.get("password", ""))
    except TooManyAttempts as refusal:
        return page(after, email, refusal.sentence), HTTPStatus.TOO_MANY_REQUESTS
    if person is None:
        return page(after, email, REFUSED), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(complete_or_request_code(person, after))


def page(after: str, email: str = "", sentence: str = "") -> str:
    options = {"has_saved_draft": "kept" in request.args, "has_new_password": "chosen" in request.args, "has_passkeys": are_available()}
    return render_template("sign_in.html", after=after, email=email, sentence=sentence, **options)


@pages.post("/stay")
@ViewOptions(answers_json=True)
def stay() -> dict[str, object]:
    """The user has answered the timeout warning: extend the session."""
    current_user()
    ends_at = current_session().ends_at(datetime.now(UTC))
    return {"ends_at": ends_at.isoformat() if ends_at else None}


@pages.post("/sign-out")
def leave() -> Response:
    record_account(current_session().person_id)
    sign_out()
    response = redirect(url_for("sign_in.show"))
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
