"""What the QA Service does about an email that could not be delivered: have it sent again, or record that they told the person another way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from notifications import outbox
from notifications.recipients import NotificationRules
from notifications.rights import may_see_undelivered, with_audits
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import InvalidTransition, NotFound, PermissionDenied
from workflow.storage import tables
from workflow.storage.engine import Connection, Engine, write_transaction
from workflow.storage.visibility import VisibilityFilter


def resend(context: CommandContext, who: Person, row_id: int, engine: Engine, rules: NotificationRules) -> None:
    """Raises PermissionDenied, NotFound; InvalidTransition where its link has expired, or somebody has dealt with it."""
    with _undelivered(context, who, row_id, engine, rules) as (connection, row):
        if not can_be_resent(row, rules):
            raise InvalidTransition("This email can’t be sent again: the person must ask for a new one.")
        _ensure_first(outbox.resend(connection, row_id, context.now))


def settle(context: CommandContext, who: Person, row_id: int, engine: Engine, rules: NotificationRules) -> None:
    """Raises PermissionDenied, NotFound; InvalidTransition where somebody has dealt with it."""
    with _undelivered(context, who, row_id, engine, rules) as (connection, _):
        _ensure_first(outbox.settle(connection, row_id, who.id, context.now))


def ensure_permitted(context: CommandContext, who: Person) -> None:
    if not context.permissions.allow_role("see_to_undelivered", who):
        raise PermissionDenied("Only the QA Service can deal with emails that could not be delivered.")


def can_be_resent(row: Any, rules: NotificationRules) -> bool:
    """An email about a person's own account can't: its link is deleted, or its news is old."""
    return not rules.events.get(row.event, {}).get("of_account")


@contextmanager
def _undelivered(
    context: CommandContext, who: Person, row_id: int, engine: Engine, rules: NotificationRules
) -> Iterator[tuple[Connection, Any]]:
    ensure_permitted(context, who)
    is_seen = may_see_undelivered(VisibilityFilter(who, context.directory, context.permissions), rules)
    query = with_audits(tables.outbox, tables.outbox.c.event).where(tables.outbox.c.id == row_id, is_seen)
    with write_transaction(engine) as connection:
        row = connection.execute(query).first()
        if row is None:
            raise NotFound
        yield connection, row


def _ensure_first(is_changed: bool) -> None:
    if not is_changed:
        raise InvalidTransition("Somebody has already dealt with this email.")
