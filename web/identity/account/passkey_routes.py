"""Your passkeys: list, add and remove them."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.account.confirmation import confirm, consume_confirmation, is_confirmed
from web.identity.account.other_access import page_after_change
from web.identity.account.proofs import Purpose
from web.identity.browser_name import browser_name
from web.identity.credentials import passkeys, passwords, queries, second_factor, webauthn_challenges
from web.identity.current_user import SECOND_FACTOR, current_user, needs_second_factor, partially_authenticated_user, restart_session
from web.request.context import current_council, current_session
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.errors import BadInput, NotFound

pages = ViewOptions(sign_in_method="password")(Blueprint("passkeys", __name__, template_folder="templates"))
CONFIRM_AGAIN = "It is more than 10 minutes since you confirmed that it is you. Go back and start again."


@pages.before_request
def _refuse_where_passwords_are_off() -> None:
    """As the setting does for everybody. Raise NotFound."""
    if not passwords.are_on_for(partially_authenticated_user().id):
        raise NotFound


@pages.get("/account/passkeys")
def show() -> str:
    mine = queries.passkeys_of(current_council().engine, partially_authenticated_user().id)
    return render_template("passkeys.html", passkeys=mine, passkeys_available=passkeys.are_available())


@pages.post("/account/passkeys/new")
def begin() -> Response:
    """Before the device makes a passkey, which it would keep."""
    confirm(partially_authenticated_user(), Purpose.PASSKEY)
    return redirect(url_for("passkeys.new"))


@pages.get("/account/passkeys/new")
def new() -> str | Response:
    partially_authenticated_user()
    return _new() if is_confirmed(Purpose.PASSKEY) else redirect(url_for("passkeys.show"))


@pages.post("/account/passkeys/ask")
@ViewOptions(answers_json=True)
def ask() -> dict[str, Any]:
    """Called by the page’s script."""
    person = partially_authenticated_user()
    if not is_confirmed(Purpose.PASSKEY):
        raise BadInput.about("credential", CONFIRM_AGAIN)
    options, challenge = passkeys.registration_options(person.id)
    webauthn_challenges.store_challenge(webauthn_challenges.ADD, challenge)
    return options


@pages.post("/account/passkeys")
def add() -> Response | tuple[str, HTTPStatus]:
    """For a person who had to set up a second factor, the new passkey counts as one."""
    person = partially_authenticated_user()
    name = request.form.get("name", "").strip() or browser_name(request.user_agent.string)
    confirm(person, Purpose.PASSKEY)
    try:
        challenge = webauthn_challenges.take_challenge(webauthn_challenges.ADD)
        verified = passkeys.verified_registration(challenge, request.form.get("credential", ""))
        consume_confirmation(person, Purpose.PASSKEY)
        passkeys.register(person.id, name, verified)
    except BadInput as refusal:
        return _new(refusal.missing[0].message), HTTPStatus.UNPROCESSABLE_ENTITY
    if needs_second_factor(person) and SECOND_FACTOR not in current_session():
        restart_session(person, second_factor.PASSKEY)
    flash("Your passkey is added.")
    return redirect(page_after_change(person, url_for("passkeys.show")))


@pages.post("/account/passkeys/remove")
def remove() -> Response:
    person, which = current_user(), request.form.get("which", "")
    if not _is_own(person.id, which):
        raise NotFound
    consume_confirmation(person, Purpose.REMOVE_PASSKEY)
    if not queries.remove_passkey(current_council().engine, person.id, int(which)):
        raise NotFound
    flash("Your passkey is removed.")
    return redirect(page_after_change(person, url_for("passkeys.show")))


def _is_own(person_id: int, which: str) -> bool:
    return which in {str(row.id) for row in queries.passkeys_of(current_council().engine, person_id)}


def _new(sentence: str = "") -> str:
    return render_template("new_passkey.html", sentence=sentence)
