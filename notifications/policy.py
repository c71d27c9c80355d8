"""The deadlines of config/notifications.toml, and which audits it selects for moderation."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from workflow.models import INADEQUATE, Audit, Escalation
from workflow.working_days import add_working_days, end_of_month, london_day, months_after, re_audit_window

END_OF_MONTH = "end of month"
LAST_HOUR = 23
HEAD_OF_SERVICE = "head_of_service"


@dataclass(frozen=True, slots=True, eq=False)
class Deadlines:
    """In minutes, days, working days, weeks or months, as each name says.

    Compared by identity, so that results calculated from one can be cached.
    """

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> int:
        return int(self.values[name])

    def faults(self, place: str) -> Iterator[str]:
        """A sentence for each value that is not a number of days or an hour."""
        for name, value in self.values.items():
            if name == "allocated_audit_shared_by" and value == END_OF_MONTH:
                continue
            if not _is_count(value):
                yield f"{place}, {name}: this must be a whole number of at least 1."
            elif name == "reminders_gathered_at_hour" and value > LAST_HOUR:
                yield f"{place}, {name}: this must be an hour of the day."

    @property
    def longest_working_days(self) -> int:
        return max(self[name] for name in self.values if name.endswith("_working_days"))

    def share_by(self, day: date) -> date:
        within = self.values["allocated_audit_shared_by"]
        return end_of_month(day) if within == END_OF_MONTH else day + timedelta(days=within)

    def re_audit_prompt_on(self, audit: Audit) -> date | None:
        """A month before the re-audit window closes; sooner after an Inadequate judgement."""
        audited_on = audit.header.audit_on
        if audited_on is None:
            return None
        if audit.overall_grade == INADEQUATE:
            return months_after(audited_on, self["re_audit_after_inadequate_months"])
        return months_after(re_audit_window(audited_on, self["re_audit_months"]), -self["re_audit_prompt_months_before"])

    def escalation_due_on(self, escalation: Escalation, post: str) -> date | None:
        opened_on, has_acknowledged = london_day(escalation.opened_at), {one.post for one in escalation.recipients if one.acknowledged_at}
        if post not in has_acknowledged:
            return add_working_days(opened_on, self["escalation_acknowledged_working_days"])
        is_to_plan = post == HEAD_OF_SERVICE and not escalation.plan
        return add_working_days(opened_on, self["response_plan_working_days"]) if is_to_plan else None

    def emergency_ends_at(self, at: datetime) -> datetime:
        return at + timedelta(minutes=self["emergency_minutes"])


@dataclass(frozen=True, slots=True)
class ModerationSelection:
    """Which audits must be moderated besides every Inadequate one."""

    outstanding: bool = False
    auditors_first: int = 0
    random_share_percent: int = 0

    def moderation_reason(self, audit: Audit, grade: str | None, shared_before: Callable[[], int]) -> str:
        """Why this audit must be moderated, or "". `shared_before` counts the other audits that its auditor has shared."""
        if grade == INADEQUATE:
            return "the overall grade is Inadequate"
        if grade == "outstanding" and self.outstanding:
            return "the overall grade is Outstanding"
        if self.auditors_first and shared_before() < self.auditors_first:
            return "it is one of the first that its auditor shares"
        # Seeded with the reference, so that asking twice gives the same answer.
        if random.Random(audit.reference).uniform(0, 100) < self.random_share_percent:  # noqa: S311
            return "it was drawn at random"
        return ""

    def faults(self, place: str) -> Iterator[str]:
        """Return a sentence for each invalid value of the rule."""
        if self.outstanding not in (True, False):
            yield f"{place}, outstanding: this must be true or false."
        if self.auditors_first != 0 and not _is_count(self.auditors_first):
            yield f"{place}, auditors_first: this must be a whole number."
        if isinstance(self.random_share_percent, bool) or self.random_share_percent not in range(101):
            yield f"{place}, random_share_percent: this must be a whole number from 0 to 100."


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
