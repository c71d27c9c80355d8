"""Who is asking: a Person with roles, or NotSignedIn. A browser is known by its session, a program by its token."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from web.identity.credentials.access_tokens import SAFE_METHODS, ReadOnlyToken, check_token
from web.identity.queries import delete_sessions_before
from web.identity.sessions import KEPT_FOR, DatabaseSessions
from web.request.context import command_context, current_council, current_session, identify
from web.request.view_options import current_view_options
from workflow.directory import Person
from workflow.errors import NotSignedIn, SecondFactorRequired
from workflow.storage.visibility import VisibilityFilter

P = ParamSpec("P")
R = TypeVar("R")
SECOND_FACTOR = "second_proof"


def current_user() -> Person:
    """Raises NotSignedIn. Somebody who left, or whose session ended, is nobody from the next request on.

    Raises SecondFactorRequired for who holds a role that asks for one and has not given it in this session.
    """
    person = partially_authenticated_user()
    if SECOND_FACTOR not in current_session() and needs_second_factor(person):
        raise SecondFactorRequired
    identify(person, "page")
    return person


def partially_authenticated_user() -> Person:
    """Raises NotSignedIn. Only for the pages on which a second proof is set up."""
    return _active(current_session().person_id)


def needs_second_factor(person: Person) -> bool:
    return any(duty.role in current_council().settings.mfa_roles for duty in person.duties)


def user_from_bearer_token() -> Person:
    """Raises NotSignedIn; ReadsOnly where the token may not do what is asked."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    held = check_token(current_council().engine, token.strip())
    person = _active(held.person_id if held else None)
    if held and not held.may_write and request.method not in SAFE_METHODS and not current_view_options().only_reads:
        raise ReadOnlyToken
    identify(person, "json")
    return person


def visibility_filter() -> VisibilityFilter:
    """Who is signed in, as lists ask what they may know of."""
    return VisibilityFilter(current_user(), command_context().directory, command_context().permissions)


def _active(person_id: int | None) -> Person:
    person = command_context().directory.person(person_id)
    if person is None or not person.is_active:
        raise NotSignedIn
    return person


def login_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Lead who is not signed in to signing in, and back here afterwards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        try:
            current_user()
        except NotSignedIn:
            back = request.path if request.method == "GET" else None
            return redirect(url_for("sign_in.show", next=back))
        return view(*args, **kwargs)

    return guarded


def sign_in(person: Person, proof: str = "") -> None:
    """A new session. `proof` names the second proof that was given, if any."""
    sign_out()
    current_session().start_for(person.id)
    if proof:
        current_session()[SECOND_FACTOR] = proof
    delete_sessions_before(current_council().engine, datetime.now(UTC) - KEPT_FOR)


def sign_out() -> None:
    sessions = current_app.session_interface
    assert isinstance(sessions, DatabaseSessions)
    sessions.end(current_session())
