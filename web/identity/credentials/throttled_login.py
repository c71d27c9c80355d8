"""Attempts at a password or a code: counted before they are checked, and forgotten after a right one."""

from datetime import UTC, datetime

from flask import request

from web.identity.credentials import passwords, queries
from web.identity.credentials.throttling import LoginAttempt
from web.request.context import command_context, current_council
from workflow.directory import Person
from workflow.errors import TooManyAttempts

NO_PERSON = 0


def authenticate(email: str, password: str) -> Person | None:
    """Return the active person with this password, or None; raise TooManyAttempts.

    Neither the response nor its time shows whether the email address is known.
    """
    person = command_context().directory.by_email(email)
    count_attempt("password", email, person)
    if not passwords.verify(person.id if person else None, password) or person is None or not person.is_active:
        return None
    reset_throttle("password", email, person)
    return person


def is_own_password(person: Person, password: str) -> bool:
    """Check the password again before something important is changed. Raise TooManyAttempts."""
    return authenticate(person.email, password) == person


def count_attempt(kind: str, account: str, person: Person | None) -> None:
    """Raise TooManyAttempts where the attempt has to wait."""
    attempt, engine = _attempt(kind, account), current_council().engine
    is_known = queries.is_known_place(engine, person.id if person else NO_PERSON, attempt.place)
    if wait := queries.count_attempt(engine, attempt.limits(is_known=is_known), datetime.now(UTC)):
        raise TooManyAttempts(wait)


def reset_throttle(kind: str, account: str, person: Person) -> None:
    attempt, engine = _attempt(kind, account), current_council().engine
    is_known = queries.is_known_place(engine, person.id, attempt.place)
    # Failures from elsewhere stay counted when the person signs in from a known place.
    own = [attempt.here] if is_known else [attempt.here, attempt.anywhere]
    queries.clear_attempts(engine, own, [] if is_known else [attempt.shared], (person.id, attempt.place), datetime.now(UTC))


def _attempt(kind: str, account: str) -> LoginAttempt:
    return LoginAttempt(current_council().settings, kind, account.strip().lower(), request.remote_addr or "")
