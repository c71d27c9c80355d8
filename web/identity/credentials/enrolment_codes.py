"""Enrolment codes: a second person’s word that it is really this person who sets up a first factor. Only a keyed digest is stored."""

import hmac
import secrets
from datetime import UTC, datetime, timedelta

from web.council import Council
from web.identity.credentials import queries
from web.identity.queries import has_enrolment_code
from workflow.directory import Person

LASTS = timedelta(hours=24)
# Without the letters and digits that look like others: 12 of these 30 are 58 bits, and each guess is slowed.
LETTERS, LENGTH, GROUP = "abcdefghjkmnpqrstuvwxyz2345678", 12, 4


def why_not_needed(council: Council, person: Person) -> str:
    """Return a sentence, or "" for somebody who can’t set up a first factor without a code."""
    if not any(duty.role in council.settings.mfa_roles for duty in person.duties):
        return f"{person.name} needs no enrolment code: no role of theirs needs two-step verification."
    account = queries.account_of(council.engine, person.id)
    if not (council.settings.has_passwords and account.may_have_password):
        return f"{person.name} needs no enrolment code: they sign in with their council account, not with a password."
    if account.totp is not None or queries.passkeys_of(council.engine, person.id):
        return f"{person.name} needs no enrolment code: they have set up two-step verification."
    return ""


def new_code() -> str:
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def digest_of(council: Council, person_id: int, typed: str) -> str:
    """The same for a code however it is spaced; another one for another person."""
    code = "".join(letter for letter in typed[:100].lower() if letter in LETTERS)
    return hmac.new(council.settings.key_for("enrolment codes"), f"{person_id}\n{code}".encode(), "sha256").hexdigest()


def find_digest(council: Council, person: Person, typed: str) -> str:
    """Return the digest of the person’s code, which this does not use yet, or "" where it is wrong or too old."""
    digest = digest_of(council, person.id, typed)
    return digest if has_enrolment_code(council.engine, person.id, digest, datetime.now(UTC) - LASTS) else ""
