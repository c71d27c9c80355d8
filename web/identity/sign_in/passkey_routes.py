"""Signing in with a passkey, which counts as two factors."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from web.identity.credentials import passkeys, webauthn_challenges
from web.identity.credentials.second_factor import PASSKEY
from web.identity.current_user import sign_in
from web.identity.sign_in.pending_login import safe_redirect_target
from web.identity.sign_in.routes import page
from web.request.context import command_context
from web.request.view_options import ViewOptions
from workflow.errors import BadInput, NotFound

pages = ViewOptions(sign_in_method="password")(Blueprint("passkey_sign_in", __name__, template_folder="templates"))
REFUSED = "Practice Audit does not recognise that passkey. Sign in with your password."


@pages.post("/sign-in/passkey/ask")
@ViewOptions(answers_json=True)
def ask() -> dict[str, Any]:
    """Called by the page’s script."""
    if not passkeys.are_available():
        raise NotFound
    options, challenge = passkeys.authentication_options()
    webauthn_challenges.store_challenge(webauthn_challenges.SIGN_IN, challenge)
    return options


@pages.post("/sign-in/passkey")
def enter() -> Response | tuple[str, HTTPStatus]:
    after = request.form.get("next", "")
    try:
        person_id = passkeys.person_for_assertion(
            webauthn_challenges.take_challenge(webauthn_challenges.SIGN_IN), request.form.get("credential", "")
        )
    except BadInput as refusal:
        return page(after, sentence=refusal.missing[0].message), HTTPStatus.UNPROCESSABLE_ENTITY
    person = command_context().directory.person(person_id)
    if person is None or not person.is_active:
        return page(after, sentence=REFUSED), HTTPStatus.UNPROCESSABLE_ENTITY
    sign_in(person, PASSKEY)
    return redirect(safe_redirect_target(after))
