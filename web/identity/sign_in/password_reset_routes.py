"""A forgotten password: the person requests a link by email, and choosing a new password ends all of their sessions."""

from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.identity.credentials import passwords
from web.identity.credentials.throttled_login import count_attempt
from web.request.context import command_context
from web.request.log_context import record_account
from web.request.view_options import ViewOptions
from workflow.errors import BadInput, TooManyAttempts

pages = ViewOptions(sign_in_method="password")(Blueprint("forgotten", __name__, template_folder="templates"))
LINK_EXPIRED = "This link has been used or is more than an hour old. Ask for a new link."


@pages.get("/forgotten-password")
def show() -> str:
    return render_template("forgotten_password.html", email="", sentence="")


@pages.post("/forgotten-password")
def ask() -> tuple[str, HTTPStatus]:
    """Show the same page whether or not the email address is known."""
    email = request.form.get("email", "")
    if not passwords.is_email_address(email):
        sentence = "Enter an email address like name@example.gov.uk."
        return render_template("forgotten_password.html", email=email, sentence=sentence), HTTPStatus.UNPROCESSABLE_ENTITY
    person = command_context().directory.by_email(email)
    record_account(person.id if person else None)
    try:
        count_attempt("link", email, None)
    except TooManyAttempts as refusal:
        return render_template("forgotten_password.html", email=email, sentence=refusal.sentence), HTTPStatus.TOO_MANY_REQUESTS
    passwords.send_reset_link(person)
    return render_template("link_sent.html"), HTTPStatus.OK


@pages.get("/new-password")
def choose() -> Response:
    token = request.args.get("token", "")
    return _page(token, "" if passwords.person_of_reset_token(token) else LINK_EXPIRED)


@pages.post("/new-password")
def chosen() -> AnyResponse:
    token = request.form.get("token", "")
    if (person_id := passwords.person_of_reset_token(token)) is None:
        return _page(token, LINK_EXPIRED)
    record_account(person_id)
    try:
        passwords.change(person_id, request.form.get("new", ""))
    except BadInput as refusal:
        return _page(token, refusal.missing[0].message, is_valid=True)
    return redirect(url_for("sign_in.show", chosen="yes"))


def _page(token: str, sentence: str, *, is_valid: bool = False) -> Response:
    """The URL of this page gives access to the account: like every page, it sends other servers no Referer header."""
    page = render_template("new_password.html", token=token, sentence=sentence, is_valid=is_valid or not sentence)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if sentence else HTTPStatus.OK)
