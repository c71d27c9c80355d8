"""Your passkeys: list, add and remove them."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.account.routes import browser_name, needs_second_factor_first, password_error
from web.identity.credentials import passkeys, queries, second_factor, webauthn_challenges
from web.identity.current_user import SECOND_FACTOR, current_user, needs_second_factor, partially_authenticated_user, sign_in
from web.request.context import current_council, current_session
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.errors import BadInput, NotFound

pages = ViewOptions(sign_in_method="password")(Blueprint("passkeys", __name__, template_folder="templates"))
SIGN_IN_AGAIN = "Sign out, then sign in again with a security code or passkey, before you change your passkeys."


@pages.get("/account/passkeys")
def show() -> str:
    return _page()


@pages.post("/account/passkeys/ask")
@ViewOptions(answers_json=True)
def ask() -> dict[str, Any]:
    """Called by the page’s script. Raise BadInput for a wrong password."""
    person = partially_authenticated_user()
    if needs_second_factor_first(person):
        raise BadInput.about("password", SIGN_IN_AGAIN)
    if sentence := password_error(request.form.get("password", "")):
        raise BadInput.about("password", sentence)
    options, challenge = passkeys.registration_options(person.id)
    webauthn_challenges.store_challenge(challenge)
    return options


@pages.post("/account/passkeys")
def add() -> Response | tuple[str, HTTPStatus]:
    """For a person who had to set up a second factor, the new passkey counts as one."""
    person = partially_authenticated_user()
    name = request.form.get("name", "").strip() or browser_name(request.user_agent.string)
    try:
        passkeys.register(person.id, name, webauthn_challenges.take_challenge(), request.form.get("credential", ""))
    except BadInput as refusal:
        return _page(refusal.missing[0].message, "name"), HTTPStatus.UNPROCESSABLE_ENTITY
    if needs_second_factor(person) and SECOND_FACTOR not in current_session():
        sign_in(person, second_factor.PASSKEY)
    flash("Your passkey is added.")
    return redirect(url_for("passkeys.show"))


@pages.post("/account/passkeys/remove")
def remove() -> Response | tuple[str, HTTPStatus]:
    person, which = current_user(), request.form.get("which", "")
    if sentence := SIGN_IN_AGAIN if needs_second_factor_first(person) else password_error(request.form.get("password", "")):
        return _page(sentence, f"password-{which}"), HTTPStatus.UNPROCESSABLE_ENTITY
    if not (which.isdecimal() and len(which) < 10 and queries.remove_passkey(current_council().engine, person.id, int(which))):
        raise NotFound
    flash("Your passkey is removed.")
    return redirect(url_for("passkeys.show"))


def _page(sentence: str = "", field: str = "") -> str:
    """`sentence` is the error, shown at `field`."""
    mine = queries.passkeys_of(current_council().engine, partially_authenticated_user().id)
    return render_template("passkeys.html", passkeys=mine, sentence=sentence, field=field, passkeys_available=passkeys.are_available())
