"""Whether an email that waits is still relevant, checked just before each try: nobody is reminded of what was done meanwhile.

Nor is anybody told what they may no longer know: that goes to the people who answer for it by now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from typing import Any

from notifications import queries
from notifications.context import WorkerContext
from notifications.outbox import LINK_LASTS
from notifications.reminders.action_reminders import action_to_check, chases, reminders
from notifications.reminders.audit_deadlines import CHASE_EVENTS, DEADLINE_EVENTS, is_still_due
from notifications.rights import may_learn, notified_since, told_now
from workflow.directory import Directory
from workflow.events import QA_INBOX, Event, Notice
from workflow.models import Audit
from workflow.storage.audit_reader import audit_of
from workflow.storage.visibility import VisibilityFilter
from workflow.working_days import london_day

# Encrypted like a link, but it does not expire.
CHECKPOINT = "checkpoint_made"
OF_OPEN_ACTIONS = frozenset({"action_due_soon", "action_due_today", "action_overdue"})
REMINDERS = OF_OPEN_ACTIONS | DEADLINE_EVENTS
ASSIGNED = frozenset({"action_assigned", "moderator_assigned", "audit_allocated", "escalation_opened"})
"""Given to one person, or to the holder of a post: it may be somebody else’s by now."""


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What is stored now about the audits of one email, read in as many statements for many audits as for one."""

    open_actions: Mapping[tuple[str, int, date], Any]
    """By reference, number and due date."""
    audit_rows: Mapping[str, Any]
    """Rows for `audit_of`: one that can't be read as an audit must not keep back the others."""
    lost: frozenset[int]
    """The rows that their recipient may not learn about now."""


def read_facts(context: WorkerContext, directory: Directory, rows: Iterable[Any]) -> StoredFacts:
    rows = list(rows)
    of_actions = {row.reference for row in rows if row.event in OF_OPEN_ACTIONS}
    of_audits = {row.reference for row in rows if row.event in DEADLINE_EVENTS | ASSIGNED}
    return StoredFacts(
        open_actions=queries.open_actions(context.engine, of_actions) if of_actions else {},
        audit_rows=context.store.audit_rows(of_audits) if of_audits else {},
        lost=_lost(context, directory, rows),
    )


class Verdict(Enum):
    RELEVANT, OUTDATED, NOT_THEIRS = range(3)


def judge(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts, now: datetime) -> Verdict:
    if not _is_still_relevant(context, directory, row, facts, now):
        return Verdict.OUTDATED
    return Verdict.RELEVANT if _is_still_theirs(context, directory, row, facts, now) else Verdict.NOT_THEIRS


def _is_still_relevant(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts, now: datetime) -> bool:
    """False for a link that has expired, and for what was done or passed on since."""
    if row.locked is not None and row.event != CHECKPOINT:
        return bool(now - row.created_at < LINK_LASTS)
    today = london_day(now)
    if row.event in OF_OPEN_ACTIONS:
        return not _is_superseded(row, today) and (row.reference, row.action, row.due_on) in facts.open_actions
    stored = facts.audit_rows.get(row.reference) if row.event in DEADLINE_EVENTS else None
    return stored is None or is_still_due(audit_of(stored), row, context.notification_rules.clocks, directory)


def _is_still_theirs(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts, now: datetime) -> bool:
    """Whether its recipient may learn about it, and still has to deal with it."""
    if row.id in facts.lost:
        return False
    if row.event not in REMINDERS | ASSIGNED:
        return True
    recipients = {one.recipient for one in _recipients_now(context, directory, row, facts, now)}
    return row.recipient in recipients or not recipients


def successors(context: WorkerContext, directory: Directory, row: Any, now: datetime) -> Sequence[Notice]:
    """The same notice for the people who have to deal with it now; the QA inbox where there is nobody. Not for those who have newer news of it."""
    stored = context.store.audit_rows([row.reference])
    facts = replace(read_facts(context, directory, [row]), audit_rows=stored)
    others = [one for one in _recipients_now(context, directory, row, facts, now) if one.recipient != row.recipient]
    audit = audit_of(stored[row.reference]) if row.reference in stored else None
    found = [replace(one, key=row.key) for one in others if audit and may_learn(context, directory, one, audit)]
    to_qa = Notice(row.key, row.event, QA_INBOX, row.reference, row.action, row.due_on)
    return [one for one in found or [to_qa] if not notified_since(context.engine, one, row.created_at)]


def _lost(context: WorkerContext, directory: Directory, rows: Sequence[Any]) -> frozenset[int]:
    """All are for one recipient. News for somebody who left becomes a task of the QA Service; reminders do not, each time."""
    person = directory.person(rows[0].recipient)
    if person is None:
        return frozenset()
    events = context.notification_rules.events
    asked = {row.id for row in rows if not events[row.event].get("of_account") and (person.can_be_reached or row.event in REMINDERS)}
    if not asked:
        return frozenset()
    reader = VisibilityFilter(person, directory, context.permissions)
    return frozenset(asked) - told_now(context.engine, reader, context.notification_rules, asked)


def _recipients_now(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts, now: datetime) -> Sequence[Notice]:
    if row.event in OF_OPEN_ACTIONS:
        return tuple(_of_action(context, directory, row, facts))
    stored = facts.audit_rows.get(row.reference)
    return tuple(_of_audit(context, directory, row, audit_of(stored), now)) if stored else ()


def _of_action(context: WorkerContext, directory: Directory, row: Any, facts: StoredFacts) -> Iterator[Notice]:
    """The reminders of the day on which this one was due, which its key holds."""
    stored, day = facts.open_actions.get((row.reference, row.action, row.due_on)), _day_of(row.key)
    if stored and day:
        yield from reminders(action_to_check(stored, since=day), day, context.notification_rules.clocks, directory)


def _of_audit(context: WorkerContext, directory: Directory, row: Any, audit: Audit, now: datetime) -> Iterator[Notice]:
    if row.event in CHASE_EVENTS:
        every = chases(audit, london_day(now), context.notification_rules.clocks, directory)
        yield from (one for one in every if one.event == row.event)
    else:
        event = Event(row.event, row.reference, audit.chain.count, row.action, row.due_on)
        yield from context.notification_rules.reachable(event, audit, directory)


def _day_of(key: str) -> date | None:
    try:
        return date.fromisoformat(key.rpartition("/")[2])
    except ValueError:
        return None


def _is_superseded(row: Any, today: date) -> bool:
    """Whether a later reminder of the same action replaces this one: it says the same and more."""
    return bool((row.event == "action_due_soon" and today >= row.due_on) or (row.event == "action_due_today" and today > row.due_on))
