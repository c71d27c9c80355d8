"""Passwords: is this the one, is that one good enough, and a link to choose another. The doing is Flask-Security’s."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from notifications.delivery.encryption import lock
from web.identity.credentials import queries
from web.identity.credentials.security_app import MAX_LENGTH, MIN_LENGTH, security_app
from workflow.directory import Person
from workflow.errors import BadInput

WRONG_LENGTH = f"Your new password must be {MIN_LENGTH} to {MAX_LENGTH} characters long."
TOO_EASY = "That password is too easy to guess. Choose three or more words that do not belong together."
ONE_EMAIL_PER = timedelta(minutes=10)
NO_PERSON = 0


def verify(person_id: int | None, password: str) -> bool:
    """Takes as long for nobody as for somebody."""
    with security_app().opened() as security:
        from flask_security import verify_password

        row = queries.account_of(security_app().engine, person_id or NO_PERSON)
        kept = row.password_hash if row else None
        typed = security.password_util.normalize(password)
        # Nobody has a longer one, and the hashing would refuse it with an error.
        fits = verify_password(typed[:MAX_LENGTH], kept or security_app().nobodys_hash)
    return bool(fits and kept and len(typed) <= MAX_LENGTH)


def change(person_id: int, new: str) -> None:
    """Raise BadInput for a password that is too short, too long or too easy. Every session of the person ends; they are told by mail."""
    with security_app().opened() as security:
        from flask_security.recoverable import update_password

        account = security.datastore.find_user(id=person_id)
        problems, normal = security.password_util.validate(new, is_register=False, user=_About(account))
        if problems:
            raise BadInput.about("new", TOO_EASY if MIN_LENGTH <= len(normal) <= MAX_LENGTH else WRONG_LENGTH)
        update_password(account, normal)
    notify(person_id, "password_changed")


def notify(person_id: int, event: str) -> None:
    now = datetime.now(UTC)
    queries.enqueue_email(security_app().engine, event, f"{event}/{person_id}/{now.isoformat()}", person_id, now)


def is_email_address(email: str) -> bool:
    """As far as can be told without asking the network."""
    with security_app().opened() as security:
        try:
            security.mail_util.validate(email.strip())
        except ValueError:
            return False
    return len(email) <= 254


def send_reset_link(person: Person | None) -> None:
    """To choose a new password, to somebody active; the same work for nobody, and one mail in ten minutes at most."""
    now = datetime.now(UTC)
    library = security_app()
    is_real = person is not None and person.can_be_reached
    with library.opened() as security:
        from flask_security.recoverable import generate_reset_password_token

        account = security.datastore.find_user(id=person.id) if person and is_real else library.nobody
        token = generate_reset_password_token(account)
    locked = lock(library.settings, f"{library.settings.base_url}/new-password?token={token}")
    if person and is_real:
        queries.enqueue_email(library.engine, "password_reset", _key(account, now), person.id, now, locked)


def person_of_reset_token(token: str) -> int | None:
    """Whose link this is: None for one that is forged, that ran out, or that was used."""
    with security_app().opened():
        from flask_security.recoverable import reset_password_token_status

        expired, invalid, account = reset_password_token_status(token)
    return None if expired or invalid or account is None or not account.active else account.id


def _key(account: Any, now: datetime) -> str:
    """The same for a while; another once a link was used, so that a second one can be asked for at once."""
    slot = int(now.timestamp() // ONE_EMAIL_PER.total_seconds())
    return f"password_reset/{hashlib.sha256(account.fs_uniquifier.encode()).hexdigest()[:16]}/{slot}"


class _About:
    """What a password must not be made of."""

    def __init__(self, account: Any) -> None:
        self.name, self.email = account.name, account.email
        self.service = "practice audit"
