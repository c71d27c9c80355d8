"""“Confirm it is you”: the page in between, which sends the form that was sent again, with a proof."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from web.identity.account.confirmation import ConfirmationNeeded
from web.identity.account.proofs import FIELDS, Purpose, challenge_for
from web.identity.credentials import passkeys, webauthn_challenges
from web.identity.current_user import partially_authenticated_user
from web.request.log_context import record_refusal
from web.request.view_options import ViewOptions
from workflow.errors import BadInput

pages = Blueprint("confirming", __name__, template_folder="templates")
DOES = {
    Purpose.APP: "set up an authenticator app", Purpose.PASSKEY: "add a passkey", Purpose.RECOVERY_CODES: "get new recovery codes",
    Purpose.REMOVE_APP: "turn off two-step verification", Purpose.REMOVE_PASSKEY: "remove a passkey",
    Purpose.TOKEN: "create an access token", Purpose.CALENDAR: "create a calendar address",
    Purpose.ENROLMENT_CODE: "create an enrolment code",
}  # fmt: skip
# Where “Cancel” and a new council sign-in lead.
BACK = {
    Purpose.PASSKEY: "passkeys.show", Purpose.REMOVE_PASSKEY: "passkeys.show", Purpose.TOKEN: "tokens.new", Purpose.CALENDAR: "calendars.show",
    Purpose.ENROLMENT_CODE: "people.every",
}  # fmt: skip
OWN_FIELDS = {"csrf_token", *FIELDS}


@pages.app_errorhandler(ConfirmationNeeded)
def show(refusal: ConfirmationNeeded) -> tuple[str, int]:
    record_refusal(refusal.code)
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in OWN_FIELDS]
    page = render_template(
        "confirm.html", purpose=refusal.purpose, does=DOES[refusal.purpose], ways=refusal.ways, errors=refusal.errors, carried=carried,
        back=url_for(BACK.get(refusal.purpose, "second_proof.show")),
    )  # fmt: skip
    return page, refusal.status


@pages.post("/account/confirm/ask")
@ViewOptions(answers_json=True, sign_in_method="password")
def ask() -> dict[str, Any]:
    """Called by the page’s script: a challenge that a passkey answers for this purpose alone."""
    partially_authenticated_user()
    try:
        purpose = Purpose(request.args.get("purpose", ""))
    except ValueError:
        raise BadInput.about("purpose", "Go back and start again.") from None
    options, challenge = passkeys.authentication_options()
    webauthn_challenges.store_challenge(challenge_for(purpose), challenge)
    return options
