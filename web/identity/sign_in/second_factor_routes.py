"""The second step of signing in: a security code from an authenticator app, or a recovery code."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from web.identity.credentials import second_factor
from web.identity.credentials.throttled_login import count_attempt
from web.identity.current_user import sign_in
from web.identity.sign_in.pending_login import half_signed_in, safe_redirect_target
from web.request.flash_messages import flash
from workflow.errors import TooManyAttempts

pages = Blueprint("codes", __name__, template_folder="templates")
REFUSED = "That security code is not correct or has been used. Wait for your app to show a new code, and enter that one."


@pages.get("/sign-in/code")
def show() -> str:
    half_signed_in()
    return render_template("code.html", sentence="")


@pages.post("/sign-in/code")
def enter() -> Response | tuple[str, HTTPStatus]:
    person, after = half_signed_in()
    try:
        count_attempt("code", person.email, person)
    except TooManyAttempts as refusal:
        return render_template("code.html", sentence=refusal.sentence), HTTPStatus.TOO_MANY_REQUESTS
    factor = second_factor.verify_code(person.id, request.form.get("code", ""))
    if not factor:
        return render_template("code.html", sentence=REFUSED), HTTPStatus.UNPROCESSABLE_ENTITY
    sign_in(person, factor)
    if factor == second_factor.RECOVERY_CODE:
        flash(f"You used a recovery code. You have {second_factor.recovery_codes_left(person.id)} left.")
    return redirect(safe_redirect_target(after))
