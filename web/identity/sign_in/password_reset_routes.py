"""A forgotten password: asked for here, the link comes by mail, and choosing another ends every session of that person."""

from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.identity.credentials import passwords
from web.identity.credentials.throttled_login import count_attempt
from web.request.context import command_context
from web.request.view_options import ViewOptions
from workflow.errors import BadInput, TooManyAttempts

pages = ViewOptions(sign_in_method="password")(Blueprint("forgotten", __name__, template_folder="templates"))
LINK_EXPIRED = "This link has been used, or is more than an hour old. Ask for a new one."


@pages.get("/forgotten-password")
def show() -> str:
    return render_template("forgotten.html", email="", sentence="")


@pages.post("/forgotten-password")
def ask() -> tuple[str, HTTPStatus]:
    """Answers the same whether or not there is such an address."""
    email = request.form.get("email", "")
    if not passwords.is_email_address(email):
        sentence = "Enter an email address like name@example.gov.uk."
        return render_template("forgotten.html", email=email, sentence=sentence), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        count_attempt("link", email, None)
    except TooManyAttempts as refusal:
        return render_template("forgotten.html", email=email, sentence=refusal.sentence), HTTPStatus.TOO_MANY_REQUESTS
    passwords.send_reset_link(command_context().directory.by_email(email))
    return render_template("link_sent.html"), HTTPStatus.OK


@pages.get("/new-password")
def choose() -> Response:
    token = request.args.get("token", "")
    return _page(token, "" if passwords.person_of_reset_token(token) else LINK_EXPIRED)


@pages.post("/new-password")
def chosen() -> AnyResponse:
    token = request.form.get("token", "")
    person_id = passwords.person_of_reset_token(token)
    if person_id is None:
        return _page(token, LINK_EXPIRED)
    try:
        passwords.change(person_id, request.form.get("new", ""))
    except BadInput as refusal:
        return _page(token, refusal.missing[0].message, is_worth=True)
    return redirect(url_for("sign_in.show", chosen="yes"))


def _page(token: str, sentence: str, *, is_worth: bool = False) -> Response:
    """The address of this page is worth a password: as every page, it is told to no other server, and over https its form must name it."""
    page = render_template("choose.html", token=token, sentence=sentence, is_worth=is_worth or not sentence)
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if sentence else HTTPStatus.OK)
