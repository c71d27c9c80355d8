"""A fresh proof of who somebody is, for one purpose, once: asked for at the step that stores what gives lasting access.

A view calls `consume_confirmation` just before it stores. Where the request holds no proof, `ConfirmationNeeded` becomes the page
“Confirm it is you”, which sends the same form again with the proof. A view of several steps calls `confirm` at the first one.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import request

from web.identity.account.proofs import CODE, CREDENTIAL, ENROLMENT_CODE, FIELDS, PASSWORD, WRONG, Purpose, Ways, ways_of, wrong_proof
from web.identity.credentials.enrolment_codes import digest_of
from web.identity.current_user import COUNCIL_SIGN_IN_AT
from web.identity.queries import use_enrolment_code, use_proof
from web.identity.sessions import token_digest
from web.request.context import current_council, current_session
from workflow.directory import Person
from workflow.errors import Refusal, TooManyAttempts

KEY, LASTS = "confirmed", timedelta(minutes=10)


class ConfirmationNeeded(Refusal):
    """Confirm that it is you."""

    code = "confirmation-needed"

    def __init__(
        self, purpose: Purpose, ways: Ways, errors: Mapping[str, str] | None = None, status: int = HTTPStatus.UNPROCESSABLE_ENTITY
    ) -> None:
        super().__init__()
        self.purpose, self.ways, self.errors, self.status = purpose, ways, errors or {}, status


def consume_confirmation(person: Person, purpose: Purpose) -> None:
    """Use the proof up, of this request or of the last ten minutes in this session. Raise ConfirmationNeeded without one for this purpose."""
    confirm(person, purpose)
    stored, council = current_session().pop(KEY), current_council()
    is_first = use_proof(council.engine, token_digest(f"confirmation {stored['proof']}"), datetime.now(UTC))
    if not is_first or (stored["enrolment"] and not use_enrolment_code(council.engine, person.id, stored["enrolment"])):
        raise ConfirmationNeeded(purpose, ways_of(person, purpose))


def confirm(person: Person, purpose: Purpose) -> None:
    """Keep the proof in this session until `consume_confirmation`. Raise ConfirmationNeeded where there is none."""
    if not is_confirmed(purpose):
        enrolment = _prove(person, purpose)
        proof = {"for": purpose.value, "at": datetime.now(UTC).isoformat(), "proof": secrets.token_urlsafe(32), "enrolment": enrolment}
        current_session()[KEY] = proof


def is_confirmed(purpose: Purpose) -> bool:
    stored = current_session().get(KEY)
    return stored is not None and stored["for"] == purpose and _is_recent(stored["at"])


def ensure_council_sign_in(person: Person, purpose: Purpose) -> None:
    """Raise ConfirmationNeeded before a form is filled in that a council sign-in would lose: it starts a new session."""
    if ways_of(person, purpose) == Ways(council_account=True) and not _is_recent(current_session().get(COUNCIL_SIGN_IN_AT)):
        raise ConfirmationNeeded(purpose, Ways(council_account=True))


def _prove(person: Person, purpose: Purpose) -> str:
    """Return the digest of the enrolment code that this took, if any."""
    ways = ways_of(person, purpose)
    # Taken away: one council sign-in confirms one thing.
    if ways.council_account and _is_recent(current_session().pop(COUNCIL_SIGN_IN_AT, None)):
        return ""
    if not any(field in request.form for field in FIELDS):
        raise ConfirmationNeeded(purpose, ways)
    try:
        wrong = wrong_proof(person, purpose, ways)
    except TooManyAttempts as refusal:
        field = CODE if ways.code else CREDENTIAL if ways.passkey else PASSWORD
        raise ConfirmationNeeded(purpose, ways, {field: refusal.sentence}, HTTPStatus.TOO_MANY_REQUESTS) from refusal
    if wrong:
        raise ConfirmationNeeded(purpose, ways, {wrong: WRONG[wrong]})
    return digest_of(current_council(), person.id, request.form[ENROLMENT_CODE]) if ways.enrolment_code else ""


def _is_recent(at: str | None) -> bool:
    return at is not None and timedelta() <= datetime.now(UTC) - datetime.fromisoformat(at) <= LASTS
