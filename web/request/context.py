"""What every view of a request works with: the council, the command context, the session, and the person once identified."""

from typing import Literal, cast

from flask import current_app, g
from flask.globals import request_ctx

from web.council import Council
from web.request.browser_session import BrowserSession
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import NotSignedIn

Interface = Literal["page", "json"]


def current_council() -> Council:
    return cast(Council, current_app.extensions["council"])


def command_context() -> CommandContext:
    """One for the request: the directory is read once."""
    if "context" not in g:
        g.context = current_council().command_context()
    return cast(CommandContext, g.context)


def current_session() -> BrowserSession:
    session = request_ctx.session
    assert isinstance(session, BrowserSession)
    return session


def identify(person: Person, interface: Interface) -> None:
    """Record who makes this request, once they have proved it. Only `web.identity.current_user` calls this."""
    g.person, g.interface = person, interface


def identified_person() -> Person:
    """Raise NotSignedIn where nobody has been identified in this request."""
    if "person" not in g:
        raise NotSignedIn
    return cast(Person, g.person)


def current_interface() -> Interface:
    """JSON for a program with a token, else a page."""
    return cast(Interface, g.get("interface", "page"))


def mark_database_unavailable() -> None:
    """For the rest of this request the database is not asked again."""
    g.database_is_unavailable = True


def database_is_unavailable() -> bool:
    return "database_is_unavailable" in g
