"""The escalations board for one person: the escalations, their counts, and recipients who have not been notified."""

from dataclasses import dataclass
from typing import Any

from web.escalations import queries
from web.escalations.notification_status import EscalationStatus, StatusCalculator, describe_opening
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
    recently_resolved: list[EscalationStatus]


def can_see_board(context: CommandContext, person: Person) -> bool:
    """Whether their role allows it, or they hold or stand in for one of the three posts today."""
    return context.permissions.allow_role("see_board", person) or bool(
        VisibilityFilter(person, context.directory, context.permissions).answering
    )


def load_board(person: Person, cursor: str | None) -> Board:
    """Return a page of the board. Raise PermissionDenied."""
    context = command_context()
    if not can_see_board(context, person):
        raise PermissionDenied("You can’t see the escalations board. It is for people who manage escalations.")
    reader = VisibilityFilter(person, context.directory, context.permissions)
    with read_transaction(current_council().engine) as connection:
        rows, following = queries.fetch_unresolved(connection, reader, cursor)
        recent = [] if cursor else queries.fetch_recently_resolved(connection, reader, context.now)
        waiting = queries.fetch_open(connection, reader)
        emails = queries.fetch_emails(connection, [*rows, *recent, *waiting])
        read = queries.fetch_first_readings(connection, [*rows, *recent])
        by_state = queries.count_by_state(connection, reader)
    shown, counted = _calculator().calculate([*rows, *recent], emails, read), _calculator().calculate(waiting, emails, {})
    return Board(
        _count(by_state.get("open", 0), by_state.get("acknowledged", 0), counted), shown[: len(rows)], following, shown[len(rows) :]
    )


def find_unnotified(connection: Any, reader: VisibilityFilter) -> list[EscalationStatus]:
    """Return open escalations with a recipient who has not been notified, so that the QA Service can phone them."""
    waiting = queries.fetch_open(connection, reader)
    return [one for one in _calculator().calculate(waiting, queries.fetch_emails(connection, waiting), {}) if one.not_notified]


def load_status(audit: Audit) -> EscalationStatus | None:
    """Return the status of an audit's escalation, for a person who may see it."""
    if audit.escalation is None:
        return None
    rows = [describe_opening(audit, audit.escalation)]
    with read_transaction(current_council().engine) as connection:
        emails, read = queries.fetch_emails(connection, rows), queries.fetch_first_readings(connection, rows)
    return _calculator().calculate(rows, emails, read)[0]


def _count(is_open: int, acknowledged: int, statuses: list[EscalationStatus]) -> Counts:
    overdue, failed = sum(one.is_overdue for one in statuses), sum(bool(one.not_notified) for one in statuses)
    return Counts(is_open, acknowledged, overdue, failed, is_more=is_open > len(statuses))


def _calculator() -> StatusCalculator:
    return StatusCalculator(command_context().directory, current_council().notification_policy.clocks, command_context().now)
