"""The sample audits of the demo council, taken to different states by the same commands as real ones.

The tests have a walk of their own, in tests/factories.py: it also runs on a store in memory, with short answers and a clock that stands.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from web.council import Council
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import NotFound, Refusal
from workflow.models import Audit

DOMAIN = "@demo.example"
QA, HOS_PPQA = f"qa{DOMAIN}", f"hos.ppqa{DOMAIN}"
SECTIONS = ("summary", *(f"area_{n}" for n in range(1, 13)), "service_comments", "declaration")
Sample = Mapping[str, Any]


def read_sample(path: Path) -> Sample:
    sample: Sample = json.loads(path.read_text(encoding="utf-8"))
    return sample


def write_audit(council: Council, sample: Sample, state: str, today: date) -> str:
    """Return the reference of a new audit that has been taken to `state`."""
    audit = SampleAudit(council, sample, today)
    audit.start()
    for reached, step in STEPS.items():
        if audit.audit.state == state:
            break
        step(audit)
        assert audit.audit.state == reached
    return audit.reference


def resolve_date(value: Any, today: date, *, as_text: bool = False) -> Any:
    """`{"days_ago": n}` of a sample as a date, anything else as it is."""
    if not isinstance(value, dict):
        return value
    day = today - timedelta(days=value["days_ago"])
    return day.isoformat() if as_text else day


class SampleAudit:
    """Each command is carried out by the person responsible, on the day on which they would do so."""

    def __init__(self, council: Council, sample: Sample, today: date) -> None:
        self.council, self.sample, self.today = council, sample, today
        self.started_on = self.day = resolve_date(sample["details"]["audit_date"], today)
        self.auditor, self.moderator = sample["expected"]["auditor"], sample["expected"]["moderator"]
        self.reference = ""

    @property
    def audit(self) -> Audit:
        audit = self.council.store.audit(self.reference)
        if audit is None:
            raise NotFound
        return audit

    def context(self) -> CommandContext:
        """Half past ten in the morning, never in the future."""
        at = datetime.combine(min(self.day, self.today), time(10, 30), UTC)
        return self.council.command_context(min(at, datetime.now(UTC)))

    def person(self, email: str) -> Person:
        person = self.council.store.directory().by_email(email)
        if person is None:
            raise Refusal(f"The demo council lacks {email}.")
        return person

    def run(self, command: Callable[..., object], email: str, *given: object) -> None:
        command(self.context(), self.person(email), self.reference, *given)

    def save(self, section: str, email: str) -> None:
        if answers := self.sample.get(section):
            self.run(drafting.save_section, email, section, answers, self.audit.version)

    def add_actions(self, email: str, part: str, due_from: date) -> None:
        for action in self.sample.get(part) or ():
            due_on = (due_from + timedelta(days=action["due_in_days"])).isoformat()
            self.run(actions.add_action, email, NewAction(action["text"], action["owner"], due_on))

    def start(self) -> None:
        details = {key: resolve_date(value, self.today, as_text=True) for key, value in self.sample["details"].items()}
        self.reference = drafting.start_audit(self.context(), self.person(self.auditor), details).reference
        self.save("consultation", self.auditor)

    def record_consultation(self) -> None:
        self.run(audit_moves.record_consultation, self.auditor)

    def grade(self) -> None:
        for section in SECTIONS:
            self.save(section, self.auditor)
        if not self.sample["actions"]:
            self.run(drafting.save_section, self.auditor, "actions", self.sample["actions_section"], self.audit.version)
        self.add_actions(self.auditor, "actions", self.started_on)
        self.run(audit_moves.grade, self.auditor)

    def share(self) -> None:
        self.day += timedelta(days=1)
        self.run(audit_moves.share, self.auditor)
        if self.moderator:
            self.run(assignments.assign_moderator, QA, self.moderator)

    def moderate(self) -> None:
        self.day += timedelta(days=2)
        if not self.moderator:
            self.run(audit_moves.waive_moderation, QA, "Not picked by the selection rule")
            return
        self.save("moderation", self.moderator)
        self.add_actions(self.moderator, "additional_actions", self.today)
        self.run(audit_moves.moderate, self.moderator)

    def close(self) -> None:
        heads = self._resolve_escalation()
        reporter, verifier = (heads[0], HOS_PPQA) if heads else (self.sample["details"]["team_manager"], QA)
        for action in self.audit.actions:
            self.run(action_moves.report, reporter, action.number)
            self.run(action_moves.verify, verifier, action.number)
        self.run(audit_moves.close_actions, verifier)

    def _resolve_escalation(self) -> list[str]:
        """Return the Head of Service of its escalation, if there is one."""
        recipients = self.sample["expected"]["told_on_escalation"]
        heads = [email for email in recipients if email.startswith("head.")]
        if heads:
            for email in recipients:
                self.run(escalations.acknowledge, email)
            self.run(escalations.plan, heads[0], "Daily management oversight; the file is reviewed in a week.")
            self.run(escalations.resolve, HOS_PPQA, "The plan was carried out and seen on the file.")
        return heads


STEPS: Mapping[str, Callable[[SampleAudit], None]] = {
    "practitioner_consulted": SampleAudit.record_consultation,
    "graded": SampleAudit.grade,
    "shared": SampleAudit.share,
    "moderated": SampleAudit.moderate,
    "actions_closed": SampleAudit.close,
}
