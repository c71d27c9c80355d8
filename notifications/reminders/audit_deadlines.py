"""The clocks of an audit: what each says, on which London day, and when to look at them again. Without a database.

A clock is asked by what is so, not by what has happened since: whatever it said last and was not told yet is told now, once.
So a worker that was away for a month tells each thing once, and one that looks twice tells nothing more.
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
    """A clock that runs: it says `early` on each of its days up to the due date, then `late` from a day on, every so many days."""

    thing: str
    """What it runs for, apart from the same clock run at another time."""
    due_on: date
    late_from: date
    late: str
    early: tuple[tuple[date, str], ...] = ()
    every: int = 0
    """0 where it is said once."""

    def said(self, today: date) -> tuple[date, str] | None:
        """What it said last, and the day that it was for."""
        if today >= self.late_from:
            return today - timedelta(days=self._gone(today)), self.late
        return max(((day, event) for day, event in self.early if day <= today <= self.due_on), default=None)

    def next_after(self, today: date) -> date | None:
        if today >= self.late_from:
            return today + timedelta(days=self.every - self._gone(today)) if self.every else None
        ahead = [day for day, _ in self.early if day > today]
        return min((*ahead, self.late_from))

    def _gone(self, today: date) -> int:
        """Days since it last said that it is late."""
        since = (today - self.late_from).days
        return since % self.every if self.every else since


def due_notices(audit: Audit, today: date, rules: NotificationRules, directory: Directory) -> Iterator[Notice]:
    """Everything that the clocks of this audit say by today; telling what was told already changes nothing."""
    yield from chases(audit, today, rules.clocks, directory)
    for clock in open_deadlines(audit, rules.clocks):
        if said := clock.said(today):
            day, name = said
            key = f"clock/{audit.reference}/{name}/{clock.thing}/{day}"
            event = Event(name, audit.reference, audit.chain.count, due_on=clock.due_on)
            yield from (replace(notice, key=key) for notice in rules.reachable(event, audit, directory))


def next_check_on(audit: Audit, today: date, clocks: Deadlines) -> date | None:
    days = [clock.next_after(today) for clock in open_deadlines(audit, clocks)]
    return min((day for day in (*days, next_chase_on(audit, today, clocks)) if day), default=None)


def is_still_due(audit: Audit, row: Any, clocks: Deadlines, directory: Directory) -> bool:
    """Whether what a clock said is still to be sent: it is not done meanwhile, its date has not moved, it waits for that person."""
    if row.event in CHASE_EVENTS:
        return any(row.event == one.event and one.recipient == row.recipient for one in chases(audit, date.max, clocks, directory))
    events = ((clock.due_on, (*(event for _, event in clock.early), clock.late)) for clock in open_deadlines(audit, clocks))
    return any(row.event in said and due_on == row.due_on for due_on, said in events)


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
