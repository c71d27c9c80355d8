"""Trying a password or a code: counted first, tried then, forgotten where it was right."""

from datetime import UTC, datetime

from flask import request

from web.identity.credentials import passwords, queries
from web.identity.credentials.throttling import LoginAttempt
from web.request.context import command_context, current_council
from workflow.directory import Person
from workflow.errors import TooManyAttempts

NO_PERSON = 0


def authenticate(email: str, password: str) -> Person | None:
    """The active person with this password. Raises TooManyAttempts. Nothing tells, by the answer or its time, whether there is such an address."""
    person = command_context().directory.by_email(email)
    count_attempt("password", email, person)
    if not passwords.verify(person.id if person else None, password) or person is None or not person.is_active:
        return None
    reset_throttle("password", email, person)
    return person


def is_own_password(person: Person, password: str) -> bool:
    """Asked again before something important is changed. Raises TooManyAttempts."""
    return authenticate(person.email, password) == person


def count_attempt(what: str, account: str, person: Person | None) -> None:
    """Raise TooManyAttempts where it has to wait."""
    trying, engine = _trying(what, account), current_council().engine
    is_known = queries.is_known_place(engine, person.id if person else NO_PERSON, trying.place)
    if wait := queries.count_attempt(engine, trying.limits(is_known=is_known), datetime.now(UTC)):
        raise TooManyAttempts(wait)


def reset_throttle(what: str, account: str, person: Person) -> None:
    trying, engine = _trying(what, account), current_council().engine
    is_known = queries.is_known_place(engine, person.id, trying.place)
    # Strangers' failures elsewhere are not forgotten because the person themselves came in as always.
    mine = [trying.here] if is_known else [trying.here, trying.anywhere]
    queries.clear_attempts(engine, mine, [] if is_known else [trying.shared], (person.id, trying.place), datetime.now(UTC))


def _trying(what: str, account: str) -> LoginAttempt:
    return LoginAttempt(current_council().settings, what, account.strip().lower(), request.remote_addr or "")
