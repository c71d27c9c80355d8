"""The ways in which a person can prove just now who they are: a second factor, or what they have where there is none yet."""

from dataclasses import dataclass
from enum import StrEnum

from flask import request

from web.identity.credentials import enrolment_codes, passkeys, passwords, queries, second_factor, webauthn_challenges
from web.identity.credentials.throttled_login import count_attempt, is_own_password, reset_throttle
from web.identity.current_user import needs_second_factor
from web.request.context import current_council
from workflow.directory import Person
from workflow.errors import BadInput

CODE, CREDENTIAL, PASSWORD, ENROLMENT_CODE = "proof_code", "proof_credential", "proof_password", "proof_enrolment_code"
FIELDS = (CODE, CREDENTIAL, PASSWORD, ENROLMENT_CODE)
WRONG = {
    CODE: "That security code is not correct or has been used. Wait for your app to show a new code, and enter that one.",
    CREDENTIAL: "That was not one of your passkeys, or it took too long. Try again.",
    PASSWORD: "Your password is not correct. Enter it again.",
    ENROLMENT_CODE: "That enrolment code is not correct, has been used or is more than 24 hours old. Ask for a new one.",
}


class Purpose(StrEnum):
    """What a proof is for. It counts for nothing else."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY_CODES = "recovery-codes"
    REMOVE_APP = "remove-app"
    REMOVE_PASSKEY = "remove-passkey"
    TOKEN = "token"  # noqa: S105 (no secret)
    CALENDAR = "calendar"
    ENROLMENT_CODE = "enrolment-code"


ENROLS = {Purpose.APP, Purpose.PASSKEY}


@dataclass(frozen=True, slots=True)
class Ways:
    """A code or a passkey; without either, the password, with an enrolment code where that is needed; or a new council sign-in."""

    code: bool = False
    passkey: bool = False
    password: bool = False
    enrolment_code: bool = False
    council_account: bool = False


def ways_of(person: Person, purpose: Purpose) -> Ways:
    """A first factor of somebody whose role needs one takes a second person’s word too: a password may have been stolen."""
    council = current_council()
    has_app = second_factor.fingerprint_of(person.id) is not None
    can_use_passkeys = passwords.are_on_for(person.id) and passkeys.are_available()
    has_passkey = can_use_passkeys and bool(queries.passkeys_of(council.engine, person.id))
    if has_app or has_passkey:
        return Ways(code=has_app, passkey=has_passkey)
    has_password = passwords.has_password(person.id)
    is_second_word_needed = has_password and purpose in ENROLS and needs_second_factor(person)
    has_council_account = council.settings.council_sign_in is not None
    return Ways(password=has_password, enrolment_code=is_second_word_needed, council_account=has_council_account)


def wrong_proof(person: Person, purpose: Purpose, ways: Ways) -> str:
    """Return the field of the request that proves nothing, or "" where all do that must. Raise TooManyAttempts."""
    if ways.passkey and (request.form.get(CREDENTIAL) or not ways.code):
        return "" if _is_own_passkey(person, purpose) else CREDENTIAL
    if ways.code:
        return "" if _is_own_code(person) else CODE
    if not ways.password or not is_own_password(person, request.form.get(PASSWORD, "")):
        return PASSWORD
    return ENROLMENT_CODE if ways.enrolment_code and not _is_own_enrolment_code(person) else ""


def _is_own_passkey(person: Person, purpose: Purpose) -> bool:
    try:
        challenge = webauthn_challenges.take_challenge(challenge_for(purpose))
    except BadInput:
        return False
    return passkeys.person_for_assertion(challenge, request.form.get(CREDENTIAL, "")) == person.id


def challenge_for(purpose: Purpose) -> str:
    return f"{webauthn_challenges.CONFIRM} {purpose}"


def _is_own_code(person: Person) -> bool:
    count_attempt("code", person.email, person)
    if not second_factor.verify_code(person.id, request.form.get(CODE, "")):
        return False
    reset_throttle("code", person.email, person)
    return True


def _is_own_enrolment_code(person: Person) -> bool:
    count_attempt("enrolment code", person.email, person)
    if not enrolment_codes.find_digest(current_council(), person, request.form.get(ENROLMENT_CODE, "")):
        return False
    reset_throttle("enrolment code", person.email, person)
    return True
