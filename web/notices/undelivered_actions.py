"""What the QA Service does about a mail that could not be delivered: have it sent again, or say that they told the person otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from web.council import Council
from web.notices import queries
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import InvalidTransition, NotFound, PermissionDenied
from workflow.storage.engine import Connection, write_transaction
from workflow.storage.visibility import VisibilityFilter


def send_again(council: Council, context: CommandContext, who: Person, row_id: int) -> None:
    """Raises PermissionDenied, NotFound; InvalidTransition where its link has run out, or somebody has seen to it."""
    with _one(council, context, who, row_id) as (connection, row):
        if not can_go_again(council, row):
            raise InvalidTransition("This mail can’t be sent again: whoever it was for asks for a new one.")
        _ensure_first(queries.send_again(connection, row_id, context.now))


def settle(council: Council, context: CommandContext, who: Person, row_id: int) -> None:
    """They told the person another way. Raises PermissionDenied, NotFound; InvalidTransition where somebody has seen to it."""
    with _one(council, context, who, row_id) as (connection, _):
        _ensure_first(queries.settle(connection, row_id, who.id, context.now))


def ensure_sees(context: CommandContext, who: Person) -> None:
    if not context.permissions.allow_role("see_to_undelivered", who):
        raise PermissionDenied("Mails that could not be delivered are for the QA Service to see to.")


def can_go_again(council: Council, row: Any) -> bool:
    """Not what was about an account: its link is gone, or its news is old."""
    return not council.who_hears.events.get(row.event, {}).get("of_account")


@contextmanager
def _one(council: Council, context: CommandContext, who: Person, row_id: int) -> Iterator[tuple[Connection, Any]]:
    ensure_sees(context, who)
    with write_transaction(council.engine) as connection:
        row = queries.find_undelivered(connection, VisibilityFilter(who, context.directory, context.permissions), row_id)
        if row is None:
            raise NotFound
        yield connection, row


def _ensure_first(is_changed: bool) -> None:
    if not is_changed:
        raise InvalidTransition("Somebody has seen to this mail already.")
