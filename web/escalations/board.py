"""The escalations board for one person: the escalations, their counts, and recipients who have not been notified."""

from dataclasses import dataclass
from typing import Any

from web.escalations import queries
from web.escalations.notification_status import EscalationStatus, StatusCalculator, opening_of
from web.request.context import command_context, current_council
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import PermissionDenied
from workflow.models import Audit
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter


@dataclass(frozen=True, slots=True)
class Counts:
    """`overdue` and `failed` count the `queries.MOST` that have been open longest; `is_more` if there are others."""

    open: int
    acknowledged: int
    overdue: int
    failed: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class Board:
    counts: Counts
    rows: list[EscalationStatus]
    following: str | None
    lately: list[EscalationStatus]


def sees_board(context: CommandContext, person: Person) -> bool:
    """Whether their role allows it, or they hold or stand in for one of the three posts today."""
    return context.permissions.allow_role("see_board", person) or bool(
        VisibilityFilter(person, context.directory, context.permissions).answering
    )


def board_of(person: Person, cursor: str | None) -> Board:
    """Return a page of the board. Raise PermissionDenied."""
    context = command_context()
    if not sees_board(context, person):
        raise PermissionDenied("You can’t see the escalations board. It is for people who manage escalations.")
    reader = VisibilityFilter(person, context.directory, context.permissions)
    with read_transaction(current_council().engine) as connection:
        rows, following = queries.page_of_unresolved(connection, reader, cursor)
        lately = [] if cursor else queries.resolved_lately(connection, reader, context.now)
        waiting = queries.all_open(connection, reader)
        mails = queries.mails_about(connection, [*rows, *lately, *waiting])
        read = queries.first_read(connection, [*rows, *lately])
        by_state = queries.counts_by_state(connection, reader)
    shown, counted = _watch().standings([*rows, *lately], mails, read), _watch().standings(waiting, mails, {})
    return Board(
        _counts(by_state.get("open", 0), by_state.get("acknowledged", 0), counted), shown[: len(rows)], following, shown[len(rows) :]
    )


def troubled(connection: Any, reader: VisibilityFilter) -> list[EscalationStatus]:
    """Return open escalations with a recipient who has not been notified, so that the QA Service can phone them."""
    waiting = queries.all_open(connection, reader)
    return [one for one in _watch().standings(waiting, queries.mails_about(connection, waiting), {}) if one.trouble]


def standing_of(audit: Audit) -> EscalationStatus | None:
    """Return the status of an audit's escalation, for a person who may see it."""
    if audit.escalation is None:
        return None
    rows = [opening_of(audit, audit.escalation)]
    with read_transaction(current_council().engine) as connection:
        mails, read = queries.mails_about(connection, rows), queries.first_read(connection, rows)
    return _watch().standings(rows, mails, read)[0]


def _counts(is_open: int, acknowledged: int, standing: list[EscalationStatus]) -> Counts:
    overdue, failed = sum(one.is_overdue for one in standing), sum(bool(one.trouble) for one in standing)
    return Counts(is_open, acknowledged, overdue, failed, is_more=is_open > len(standing))


def _watch() -> StatusCalculator:
    return StatusCalculator(command_context().directory, current_council().notification_policy.clocks, command_context().now)
