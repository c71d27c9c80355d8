"""The person who makes this request: a browser is identified by its session, a program by its access token."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, request

from web.identity.credentials.access_tokens import SAFE_METHODS, ReadOnlyToken, check_token
from web.identity.credentials.throttled_login import complete_sign_in
from web.identity.queries import delete_sessions_before
from web.identity.sessions import STORED_FOR, DatabaseSessions
from web.request.context import command_context, current_council, current_session, identify
from web.request.log_context import record_account
from web.request.view_options import current_view_options
from workflow.directory import Person
from workflow.errors import NotSignedIn, SecondFactorRequired
from workflow.storage.visibility import VisibilityFilter

P = ParamSpec("P")
R = TypeVar("R")
SECOND_FACTOR = "second_proof"
COUNCIL_SIGN_IN_AT = "council_sign_in_at"


def current_user() -> Person:
    """Raise NotSignedIn, also from the next request after somebody has left or their session has ended.

    Raise SecondFactorRequired where a role of the person needs a second factor and this session has none.
    """
    person = partially_authenticated_user()
    if SECOND_FACTOR not in current_session() and needs_second_factor(person):
        raise SecondFactorRequired
    identify(person, "page")
    return person


def partially_authenticated_user() -> Person:
    """Raise NotSignedIn. Only for the pages where a second factor is set up."""
    return _active(current_session().person_id)


def needs_second_factor(person: Person) -> bool:
    return current_council().needs_second_factor(person)


def user_from_bearer_token() -> Person:
    """Raise NotSignedIn, or ReadOnlyToken where the token may only read."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    holder = check_token(current_council(), token.strip(), _needs_proof)
    person = _active(holder.person_id if holder else None)
    if holder and not holder.may_write and request.method not in SAFE_METHODS and not current_view_options().only_reads:
        raise ReadOnlyToken
    identify(person, "json")
    return person


def _needs_proof(person_id: int) -> bool:
    person = command_context().directory.person(person_id)
    return person is not None and needs_second_factor(person)


def visibility_filter() -> VisibilityFilter:
    """The filter of what the signed-in user may know about, for lists."""
    return VisibilityFilter(current_user(), command_context().directory, command_context().permissions)


def _active(person_id: int | None) -> Person:
    person = command_context().directory.person(person_id)
    if person is None or not person.is_active:
        raise NotSignedIn
    return person


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """A visitor is redirected to the sign-in page, and back here afterwards."""

    @wraps(view)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        current_user()
        return view(*args, **kwargs)

    return wrapper


def sign_in(person: Person, second_factor: str = "") -> None:
    """Every way of signing in ends here, with all its proofs given. `second_factor` names the second one, if any.

    A sign-in that still has to set up a second factor is not whole: the place stays unknown.
    """
    restart_session(person, second_factor)
    complete_sign_in(person, second_factor, is_whole=bool(second_factor) or not needs_second_factor(person))


def restart_session(person: Person, second_factor: str = "") -> None:
    """A new session for somebody who is signed in already, or who has just signed in."""
    record_account(person.id)
    sign_out()
    current_session().start_for(person.id)
    if second_factor:
        current_session()[SECOND_FACTOR] = second_factor
    delete_sessions_before(current_council().engine, datetime.now(UTC) - STORED_FOR)


def sign_out() -> None:
    sessions = current_app.session_interface
    assert isinstance(sessions, DatabaseSessions)
    sessions.end(current_session())
