"""Attempts at a password or a code: counted before they are checked, and forgotten after the whole sign-in."""

from datetime import UTC, datetime

from flask import request

from web.identity.browser_name import browser_name
from web.identity.credentials import passwords
from web.identity.credentials.second_factor import CODE, RECOVERY_CODE
from web.identity.throttling import queries
from web.identity.throttling.limits import LoginAttempt
from web.request.context import command_context, current_council
from web.request.log_context import record_account
from workflow.directory import Person
from workflow.errors import TooManyAttempts
from workflow.mailboxes import mailbox

NO_PERSON = 0
# The proofs that a sign-in has given, by its second factor: their failures are forgotten. A passkey or a council account needs neither.
GIVEN = {"": ("password",), CODE: ("password", "code"), RECOVERY_CODE: ("password", "code")}


def authenticate(email: str, password: str) -> Person | None:
    """Return the active person with this password, or None; raise TooManyAttempts.

    Neither the response nor its time shows whether the email address is known. A right password is forgotten as an attempt only after the
    whole sign-in: alone it gives no credit.
    """
    person = command_context().directory.by_email(email)
    count_attempt("password", email, person)
    is_right = passwords.verify(person.id if person else None, password)
    return person if is_right and person and person.is_active else None


def is_own_password(person: Person, password: str) -> bool:
    """Check the password again before something important is changed. Raise TooManyAttempts.

    Counted apart from signing in, so that a thief of a session does not slow the owner’s next sign-in.
    """
    count_attempt("confirm", person.email, person)
    if not passwords.verify(person.id, password):
        return False
    reset_throttle("confirm", person.email, person)
    return True


def count_attempt(kind: str, account: str, person: Person | None) -> None:
    """Raise TooManyAttempts where the attempt has to wait."""
    record_account(person.id if person else None)
    attempt, engine = _attempt(kind, account), current_council().engine
    is_known = queries.is_known_place(engine, person.id if person else NO_PERSON, attempt.place)
    if wait := queries.count_attempt(engine, attempt.counts(is_known=is_known), datetime.now(UTC)):
        raise TooManyAttempts(wait)


def reset_throttle(kind: str, account: str, person: Person) -> None:
    """Forget the failures of this kind. The place is remembered by `complete_sign_in` alone."""
    attempt, engine = _attempt(kind, account), current_council().engine
    queries.forget_attempts(engine, [attempt], is_known=queries.is_known_place(engine, person.id, attempt.place))


def complete_sign_in(person: Person, second_factor: str, *, is_whole: bool) -> None:
    """Where all proofs were given, forget the person’s failures, and remember the place. Tell them of a new place, once a day."""
    attempts = [_attempt(kind, person.email) for kind in GIVEN.get(second_factor, ())]
    done = queries.SignIn(person.id, _attempt("", person.email).place, browser_name(request.user_agent.string), is_whole)
    queries.complete_sign_in(current_council().engine, done, attempts, datetime.now(UTC))


def _attempt(kind: str, account: str) -> LoginAttempt:
    return LoginAttempt(current_council().settings, kind, mailbox(account), request.remote_addr or "")
