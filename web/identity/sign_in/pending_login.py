"""Between the password and the code: stored in the database for ten minutes, and not signed in."""

from datetime import UTC, datetime, timedelta

from flask import url_for

from web.identity.credentials import second_factor
from web.identity.current_user import sign_in, sign_out
from web.request.context import command_context, current_session
from workflow.directory import Person
from workflow.errors import NotSignedIn

LASTS = timedelta(minutes=10)
PENDING = "halfway"


def complete_or_request_code(person: Person, after: str) -> str:
    """After the right password, return where to go next: to `after`, or to the page that asks for a code."""
    fingerprint = second_factor.fingerprint_of(person.id)
    if fingerprint is None:
        sign_in(person)
        return safe_redirect_target(after)
    sign_out()
    session = current_session()
    session.store_in_database()
    session[PENDING] = {"person": person.id, "stamp": fingerprint, "next": after, "at": datetime.now(UTC).isoformat()}
    return url_for("codes.show")


def half_signed_in() -> tuple[Person, str]:
    """Return the person who has given only the password, and where they wanted to go.

    Raise NotSignedIn, also where the password or the codes have changed meanwhile.
    """
    stored = current_session().get(PENDING)
    if stored is None or datetime.now(UTC) - datetime.fromisoformat(stored["at"]) > LASTS:
        raise NotSignedIn
    person = command_context().directory.person(stored["person"])
    if person is None or not person.is_active or second_factor.fingerprint_of(person.id) != stored["stamp"]:
        raise NotSignedIn
    return person, stored["next"]


def safe_redirect_target(path: str) -> str:
    """Return a path of this service, never a URL of another site."""
    is_own = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if is_own else url_for("my_work.show")
