"""Reminders of actions and of escalations: who is reminded and when, in London days, without a database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from notifications.policy import HEAD_OF_SERVICE, Deadlines
from notifications.recipients import answering
from workflow.blindness import directory_about
from workflow.directory import Directory
from workflow.duty_holders import OWNER
from workflow.events import QA_INBOX, Notice
from workflow.models import Audit, Escalation, Header, Recipient, SmartAction
from workflow.working_days import add_working_days, last_working_day, london_day, next_working_day

TEAM_MANAGER, SERVICE_MANAGER = "team_manager", "service_manager"


@dataclass(frozen=True, slots=True)
class ActionToCheck:
    """An open action to check, with as much of its audit as says who answers for it."""

    audit: Audit
    number: int
    since: date
    """When it was last checked."""

    @property
    def reference(self) -> str:
        return self.audit.reference

    @property
    def due_on(self) -> date:
        return self.audit.actions[0].due_on


def action_to_check(row: Any, since: date) -> ActionToCheck:
    """From a row of `queries.actions_to_check` or `queries.open_actions`."""
    action = SmartAction(row.number, row.section, "", row.owner_id, row.due_on, row.added_by, row.added_on, is_live=True)
    header = Header(*(getattr(row, name) for name in Header.__slots__))
    audit = Audit(
        row.reference, row.audit_state, row.auditor_id, (row.form_key, row.form_version), row.rules_version, row.started_at, row.share_by,
        moderator_id=row.moderator_id, judged_by=row.judged_by, moderated_at=row.moderated_at, header=header, shared_at=row.shared_at, actions=(action,),
    )  # fmt: skip
    return ActionToCheck(audit, row.number, since)


def reminders(action: ActionToCheck, today: date, clocks: Deadlines, directory: Directory) -> tuple[Notice, ...]:
    """Everything due since the action was last checked, as one reminder for each person.

    Its key holds the day it was due: a reminder that was sent late is not sent again, even if the clock is set back.
    """
    notices = dict[int, Notice]()
    for event, day, relation in _due_reminders(action.due_on, action.since, today, clocks):
        key = f"reminder/{action.reference}/{action.number}/{event}/{day}"
        for person in _people_in(relation, action, directory):
            notices.setdefault(person, Notice(key, event, person, action.reference, action.number, action.due_on))
    return tuple(notices.values())


def _people_in(relation: str, action: ActionToCheck, directory: Directory) -> Iterator[int]:
    """The people who answer for it now. An email to somebody without an address would be a dead letter each time."""
    if relation == HEAD_OF_SERVICE:
        about = directory_about(action.audit, directory)
        holder = about.holder(relation, action.audit.header.team)
        yield from [holder.person.id] if holder else []
        return
    for person_id in answering(relation, action.audit, directory, action.number):
        person = directory.person(person_id)
        if person_id == QA_INBOX or (person and person.can_be_reached):
            yield person_id


# Reminders depend only on these dates, which many actions share, so they are calculated once.
@lru_cache(maxsize=10_000)
def next_check_on(due_on: date, today: date, clocks: Deadlines) -> date:
    """The next day on which a reminder is due."""
    last_day = last_working_day(due_on)
    if today < last_day:
        return min(day for day in (due_on - timedelta(days=clocks["action_due_soon_days"]), last_day) if day > today)
    return min(day for day in (*_seniors_reminded_on(due_on, clocks), _week_after(today, due_on, clocks)) if day > today)


@lru_cache(maxsize=10_000)
def _due_reminders(due_on: date, since: date, today: date, clocks: Deadlines) -> tuple[tuple[str, date, str], ...]:
    """Event, day and recipient of each reminder that became due between the last check and today."""
    soon = due_on - timedelta(days=clocks["action_due_soon_days"])
    if (last_day := last_working_day(due_on)) <= today <= due_on:
        return (("action_due_today", last_day, OWNER),)
    if since <= soon <= today < due_on:
        return (("action_due_soon", soon, OWNER),)
    late = _late(due_on, today, clocks) if today > due_on else ()
    return tuple(("action_overdue", day, relation) for day, relation in late if since <= day <= today)


def _late(due_on: date, today: date, clocks: Deadlines) -> Iterator[tuple[date, str]]:
    """The last weekly reminder, to the owner and the Team Manager; and the reminders to more senior people."""
    week = _week_after(today, due_on, clocks) - timedelta(days=clocks["action_overdue_every_days"])
    if week > due_on:
        yield from ((week, relation) for relation in (OWNER, TEAM_MANAGER))
    yield from zip(_seniors_reminded_on(due_on, clocks), (SERVICE_MANAGER, HEAD_OF_SERVICE), strict=True)


def _week_after(day: date, due_on: date, clocks: Deadlines) -> date:
    """The first weekly reminder after `day`: the working day after the due date, and every seventh day from then on."""
    first, every = next_working_day(due_on), clocks["action_overdue_every_days"]
    return first if day < first else first + timedelta(days=((day - first).days // every + 1) * every)


def _seniors_reminded_on(due_on: date, clocks: Deadlines) -> tuple[date, date]:
    names = ("action_overdue_service_manager_working_days", "action_overdue_head_of_service_working_days")
    first, second = (add_working_days(due_on, clocks[name]) for name in names)
    return first, second


def chases(audit: Audit, today: date, clocks: Deadlines, directory: Directory) -> Iterator[Notice]:
    """A daily reminder to each person who has not acknowledged in time, and one notice to the next person up and the QA inbox."""
    escalation = audit.escalation
    if escalation is None or escalation.state != "open":
        return
    directory, late_from = directory_about(audit, directory), _chased_from(escalation, clocks)
    is_passed_up = today > add_working_days(london_day(escalation.opened_at), clocks["escalation_passed_up_working_days"])
    for recipient in escalation.recipients if today >= late_from else ():
        if recipient.acknowledged_at is None:
            every = clocks["escalation_chased_every_days"]
            yield from _chase(audit, recipient, today - timedelta(days=(today - late_from).days % every), directory)
            yield from _pass_up(audit, recipient, directory) if is_passed_up else ()


def next_chase_on(audit: Audit, today: date, clocks: Deadlines) -> date | None:
    """Every day from the first, even if no reminder is due: a post may pass to somebody else, who must be reminded."""
    if audit.escalation is None or audit.escalation.state != "open":
        return None
    return max(_chased_from(audit.escalation, clocks), today + timedelta(days=1))


def _chased_from(escalation: Escalation, clocks: Deadlines) -> date:
    by = add_working_days(london_day(escalation.opened_at), clocks["escalation_acknowledged_working_days"])
    return by + timedelta(days=1)


def _chase(audit: Audit, recipient: Recipient, day: date, directory: Directory) -> Iterator[Notice]:
    holder = directory.holder(recipient.post, audit.header.team)
    key = f"chase/{audit.reference}/{_number(audit)}/{day}"
    yield Notice(key, "escalation_not_acknowledged", holder.person.id if holder else QA_INBOX, audit.reference)


def _pass_up(audit: Audit, recipient: Recipient, directory: Directory) -> Iterator[Notice]:
    key = f"passed_up/{audit.reference}/{_number(audit)}"
    ups = (directory.holder(post, audit.header.team) for post in directory.next_up.get(recipient.post, ())[:1])
    for person_id in dict.fromkeys([*(up.person.id for up in ups if up), QA_INBOX]):
        yield Notice(key, "escalation_passed_up", person_id, audit.reference)


def _number(audit: Audit) -> int:
    return audit.escalation.number if audit.escalation else 0
