"""Passwords: check one, change one, and email a link to choose a new one. Flask-Security does the work."""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from notifications.delivery.encryption import encrypt
from web.identity.credentials import queries
from web.identity.credentials.listed_passwords import LISTED
from web.identity.credentials.security_app import MAX_LENGTH, MIN_LENGTH, security_app
from workflow.directory import Person
from workflow.errors import BadInput

WRONG_LENGTH = f"Your new password must be {MIN_LENGTH} to {MAX_LENGTH} characters long."
TOO_EASY = "That password is too easy to guess. Choose three or more words that do not belong together."
ONE_EMAIL_PER = timedelta(minutes=10)
NO_PERSON = 0
MOST_OF_ADDRESS = 254


def verify(person_id: int | None, password: str) -> bool:
    """Take as long for an unknown person as for a known one."""
    with security_app().context() as security:
        from flask_security import verify_password

        row = queries.account_of(security_app().engine, person_id or NO_PERSON)
        stored = row.password_hash if row and row.may_have_password else None
        # No stored password is longer. Normalising takes time that grows with the square of the length, and hashing raises an error.
        typed = security.password_util.normalize(password if len(password) <= MAX_LENGTH else "")
        matches = verify_password(typed[:MAX_LENGTH], stored or security_app().dummy_hash)
    return bool(matches and stored and max(len(password), len(typed)) <= MAX_LENGTH)


def are_on_for(person_id: int) -> bool:
    """Whether the person may sign in with a password or a passkey: not with a council account, nor where it was turned off for them."""
    app = security_app()
    row = queries.account_of(app.engine, person_id)
    return app.settings.has_passwords and bool(row and row.may_have_password)


def has_password(person_id: int) -> bool:
    row = queries.account_of(security_app().engine, person_id)
    return bool(row and row.may_have_password and row.password_hash)


def change(person_id: int, new: str, keeps: Collection[str] = ()) -> None:
    """Raise BadInput for a password that is too short, too long or too easy.

    Every session, access token and calendar address of the person ends, but what they keep; they are notified by email.
    """
    if len(new) > MAX_LENGTH:
        raise BadInput.about("new", WRONG_LENGTH)
    with security_app().context() as security:
        from flask_security.recoverable import update_password

        account = security.datastore.find_user(id=person_id)
        problems, normal = security.password_util.validate(new, is_register=False, user=_Owner(account))
        if problems:
            raise BadInput.about("new", _sentence_for(problems, normal))
        account.keeps = keeps
        update_password(account, normal)


def _sentence_for(problems: list[str], password: str) -> str:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return WRONG_LENGTH
    return LISTED if LISTED in problems else TOO_EASY


def is_email_address(email: str) -> bool:
    """Check the format only, without the network."""
    if len(email) > MOST_OF_ADDRESS:
        return False
    with security_app().context() as security:
        try:
            security.mail_util.validate(email.strip())
        except ValueError:
            return False
    return True


def send_reset_link(person: Person | None) -> None:
    """Email a link to choose a new password to an active person who may have one, at most once in ten minutes.

    For anybody else do the same work: their email is removed before it can be sent.
    """
    now = datetime.now(UTC)
    app = security_app()
    with app.context() as security:
        from flask_security.recoverable import generate_reset_password_token

        found = security.datastore.find_user(id=person.id if person and person.can_be_reached else NO_PERSON)
        account = found if found and found.may_have_password else app.dummy_account
        token = generate_reset_password_token(account)
    locked = encrypt(app.settings, f"{app.settings.base_url}/new-password?token={token}")
    queries.enqueue_reset_email(app.engine, _key(account, now), account.id, now, locked)


def person_of_reset_token(token: str) -> int | None:
    """Return None for a link that is forged, expired or used."""
    with security_app().context():
        from flask_security.recoverable import reset_password_token_status

        expired, invalid, account = reset_password_token_status(token)
    is_usable = not expired and not invalid and account is not None and account.active and account.may_have_password
    return account.id if is_usable else None


def _key(account: Any, now: datetime) -> str:
    """The same for ten minutes; another one after a link was used, so that a second link can be requested at once."""
    slot = int(now.timestamp() // ONE_EMAIL_PER.total_seconds())
    return f"password_reset/{hashlib.sha256(account.fs_uniquifier.encode()).hexdigest()[:16]}/{slot}"


class _Owner:
    """What a password must not contain."""

    def __init__(self, account: Any) -> None:
        self.name, self.email = account.name, account.email
        self.service = "practice audit"
