"""Between the password and the code: known to the database, for ten minutes, and signed in to nothing."""

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
    """Where somebody goes who gave the right password: on, or to the page that asks for a code."""
    stamp = second_factor.fingerprint_of(person.id)
    if stamp is None:
        sign_in(person)
        return safe_redirect_target(after)
    sign_out()
    session = current_session()
    session.store_in_database()
    session[PENDING] = {"person": person.id, "stamp": stamp, "next": after, "at": datetime.now(UTC).isoformat()}
    return url_for("codes.show")


def half_signed_in() -> tuple[Person, str]:
    """Who is half-way in, and where they wanted to go. Raises NotSignedIn, also where the password or the codes changed meanwhile."""
    kept = current_session().get(PENDING)
    if kept is None or datetime.now(UTC) - datetime.fromisoformat(kept["at"]) > LASTS:
        raise NotSignedIn
    person = command_context().directory.person(kept["person"])
    if person is None or not person.is_active or second_factor.fingerprint_of(person.id) != kept["stamp"]:
        raise NotSignedIn
    return person, kept["next"]


def safe_redirect_target(path: str) -> str:
    """A path of this service, never another’s address."""
    is_own = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if is_own else url_for("my_work.show")
