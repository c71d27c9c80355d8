"""The deadlines of an audit: which reminder is due, on which London day, and when to check again. Without a database.

A reminder depends on the audit as it is now, not on earlier checks: only the latest one that is due is sent, once.
So a worker that was stopped for a month sends each reminder once, and one that checks twice sends nothing more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from notifications.policy import Deadlines
from notifications.recipients import NotificationRules
from notifications.reminders.action_reminders import chases, next_chase_on
from workflow.directory import Directory
from workflow.events import Event, Notice
from workflow.models import Audit
from workflow.working_days import add_working_days, london_day, next_working_day, working_days_before


@dataclass(frozen=True, slots=True)
class Deadline:
    """An open deadline: it sends each event of `early` on its day, up to the due date; then `late`, from a day on, every few days."""

    thing: str
    """Distinguishes it from the same deadline at another time."""
    due_on: date
    late_from: date
    late: str
    early: tuple[tuple[date, str], ...] = ()
    every: int = 0
    """Days between two `late` reminders; 0 if there is only one."""

    def latest_reminder(self, today: date) -> tuple[date, str] | None:
        """The day and event of the last reminder due by today."""
        if today >= self.late_from:
            return today - timedelta(days=self._days_since_late(today)), self.late
        return max(((day, event) for day, event in self.early if day <= today <= self.due_on), default=None)

    def next_after(self, today: date) -> date | None:
        if today >= self.late_from:
            return today + timedelta(days=self.every - self._days_since_late(today)) if self.every else None
        ahead = [day for day, _ in self.early if day > today]
        return min((*ahead, self.late_from))

    def _days_since_late(self, today: date) -> int:
        """Days since the last `late` reminder."""
        since = (today - self.late_from).days
        return since % self.every if self.every else since


def due_notices(audit: Audit, today: date, rules: NotificationRules, directory: Directory) -> Iterator[Notice]:
    """The notices due by today. Some may have been sent: their keys prevent duplicates."""
    yield from chases(audit, today, rules.clocks, directory)
    for deadline in open_deadlines(audit, rules.clocks):
        if reminder := deadline.latest_reminder(today):
            day, name = reminder
            key = f"clock/{audit.reference}/{name}/{deadline.thing}/{day}"
            event = Event(name, audit.reference, audit.chain.count, due_on=deadline.due_on)
            yield from (replace(notice, key=key) for notice in rules.reachable(event, audit, directory))


def next_check_on(audit: Audit, today: date, clocks: Deadlines) -> date | None:
    days = [deadline.next_after(today) for deadline in open_deadlines(audit, clocks)]
    return min((day for day in (*days, next_chase_on(audit, today, clocks)) if day), default=None)


def is_still_due(audit: Audit, row: Any, clocks: Deadlines, directory: Directory) -> bool:
    """Whether a reminder still applies: not done meanwhile, the same due date, the same person."""
    if row.event in CHASE_EVENTS:
        return any(row.event == one.event and one.recipient == row.recipient for one in chases(audit, date.max, clocks, directory))
    events = ((deadline.due_on, (*(event for _, event in deadline.early), deadline.late)) for deadline in open_deadlines(audit, clocks))
    return any(row.event in names and due_on == row.due_on for due_on, names in events)


CHASE_EVENTS = frozenset({"escalation_not_acknowledged", "escalation_passed_up"})
DEADLINE_EVENTS = CHASE_EVENTS | {
    "audit_not_shared", "moderation_due_soon", "moderation_overdue", "response_plan_due", "response_plan_overdue", "impact_re_check_due",
}  # fmt: skip


def open_deadlines(audit: Audit, clocks: Deadlines) -> Iterator[Deadline]:
    if audit.is_before_sharing:
        late_from, every = next_working_day(audit.share_by), clocks["audit_not_shared_every_days"]
        yield Deadline(str(audit.share_by), audit.share_by, late_from, "audit_not_shared", every=every)
    if audit.state == "shared" and audit.shared_at:
        yield _moderation(audit, london_day(audit.shared_at), clocks)
    if audit.escalation and audit.escalation.state in {"open", "acknowledged"} and not audit.escalation.plan:
        yield _response_plan(audit.escalation.number, london_day(audit.escalation.opened_at), clocks)
    if done_on := _all_verified_on(audit):
        due_on = done_on + timedelta(weeks=clocks["impact_re_check_weeks"])
        yield Deadline(str(done_on), due_on, due_on, "impact_re_check_due")


def _moderation(audit: Audit, shared_on: date, clocks: Deadlines) -> Deadline:
    due_on = add_working_days(shared_on, clocks["moderation_working_days"])
    soon = working_days_before(due_on, clocks["moderation_due_soon_working_days"])
    early, every = ((soon, "moderation_due_soon"),), clocks["moderation_overdue_every_days"]
    return Deadline(str(audit.edition), due_on, next_working_day(due_on), "moderation_overdue", early, every)


def _response_plan(number: int, opened_on: date, clocks: Deadlines) -> Deadline:
    due_on = add_working_days(opened_on, clocks["response_plan_working_days"])
    early, every = ((due_on, "response_plan_due"),), clocks["response_plan_overdue_every_days"]
    return Deadline(str(number), due_on, due_on + timedelta(days=1), "response_plan_overdue", early, every)


def _all_verified_on(audit: Audit) -> date | None:
    """The day the last action was verified, where none is left to be done."""
    if audit.state not in {"moderated", "actions_closed"} or any(action.state in {"open", "reported"} for action in audit.actions):
        return None
    return max((action.verified_on for action in audit.actions if action.verified_on), default=None)
