"""Whether an email that waits is still relevant, checked just before each try: nobody is reminded of what was done meanwhile."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from notifications import queries
from notifications.context import WorkerContext
from notifications.outbox import LINK_LASTS
from notifications.reminders.audit_deadlines import DEADLINE_EVENTS, is_still_due
from workflow.directory import Directory
from workflow.storage.audit_reader import audit_of
from workflow.working_days import london_day

# Encrypted like a link, but it does not expire.
CHECKPOINT = "checkpoint_made"
OF_OPEN_ACTIONS = frozenset({"action_due_soon", "action_due_today", "action_overdue"})


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What is stored now about the audits of one email, read in as many statements for many audits as for one."""

    open_actions: frozenset[tuple[str, int, date]]
    """Reference, number, due date."""
    audit_rows: Mapping[str, Any]
    """Rows for `audit_of`: one that can't be read as an audit must not keep back the others."""
    children: Mapping[str, str | None]


def read_facts(context: WorkerContext, directory: Directory, rows: Iterable[Any]) -> StoredFacts:
    of_actions = {row.reference for row in rows if row.event in OF_OPEN_ACTIONS}
    of_audits = {row.reference for row in rows if row.event in DEADLINE_EVENTS}
    of_connected = {row.reference for row in rows if row.recipient in directory.connections}
    return StoredFacts(
        open_actions=queries.open_actions(context.engine, of_actions) if of_actions else frozenset(),
        audit_rows=context.store.audit_rows(of_audits) if of_audits else {},
        children=queries.children_of(context.engine, of_connected) if of_connected else {},
    )


def is_still_relevant(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts, now: datetime) -> bool:
    """False for a link that has expired, and for a person who has declared a connection to the child since."""
    if row.locked is not None and row.event != CHECKPOINT:
        return bool(now - row.created_at < LINK_LASTS)
    is_connected = row.recipient in directory.connections and directory.is_connected(row.recipient, facts.children.get(row.reference))
    return not is_connected and _is_true(context, directory, row, facts, london_day(now))


def _is_true(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts, today: date) -> bool:
    if row.event in OF_OPEN_ACTIONS:
        return not _is_superseded(row, today) and (row.reference, row.action, row.due_on) in facts.open_actions
    stored = facts.audit_rows.get(row.reference) if row.event in DEADLINE_EVENTS else None
    return stored is None or is_still_due(audit_of(stored), row, context.notification_rules.clocks, directory)


def _is_superseded(row: Any, today: date) -> bool:
    """Whether a later reminder of the same action replaces this one: it says the same and more."""
    return bool((row.event == "action_due_soon" and today >= row.due_on) or (row.event == "action_due_today" and today > row.due_on))
