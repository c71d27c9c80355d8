"""Whether what waits to be sent is still so, asked just before each try: nobody is asked for what was done meanwhile."""

from datetime import date, datetime
from typing import Any

from notifications import queries
from notifications.context import WorkerContext
from notifications.outbox import LINK_LASTS
from notifications.reminders.audit_deadlines import SAID_BY_CLOCKS, is_still_so
from workflow.directory import Directory
from workflow.working_days import london_day

OF_OPEN_ACTIONS = ("action_due_soon", "action_due_today", "action_overdue")


def is_still_relevant(context: WorkerContext, directory: Directory, row: Any, now: datetime) -> bool:
    """A link that has run out is not sent, nor what somebody may not know of since they declared a connection to the child."""
    if row.locked is not None:
        return bool(now - row.created_at < LINK_LASTS)
    return not _is_connected(context, directory, row) and _is_true(context, directory, row, london_day(now))


def _is_connected(context: WorkerContext, directory: Directory, row: Any) -> bool:
    return row.recipient in directory.connections and directory.is_connected(row.recipient, queries.child_of(context.engine, row.reference))


def _is_true(context: WorkerContext, directory: Directory, row: Any, today: date) -> bool:
    if row.event in OF_OPEN_ACTIONS:
        return not _is_overtaken(row, today) and queries.is_open(context.engine, row)
    audit = context.store.audit(row.reference) if row.event in SAID_BY_CLOCKS else None
    return audit is None or is_still_so(audit, row, context.who_hears.clocks, directory)


def _is_overtaken(row: Any, today: date) -> bool:
    """By the next reminder of the same action, which tells its owner the same and more."""
    return bool((row.event == "action_due_soon" and today >= row.due_on) or (row.event == "action_due_today" and today > row.due_on))
