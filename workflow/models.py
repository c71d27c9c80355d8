"""The facts of one audit, as frozen records. `audit`, `smart_action` and `escalation` change them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from workflow.history import Chain

Answers = Mapping[str, object]
"""One section's answers by field: text, True/False, an ISO date, a person's id; None is "not answered"."""

INADEQUATE = "inadequate"


@dataclass(frozen=True, slots=True)
class Header:
    """The child and the people of the case: as last shared, or as written before the first sharing."""

    team: str | None = None
    practitioner_id: int | None = None
    team_manager_id: int | None = None
    service_manager_id: int | None = None
    qaro_id: int | None = None
    child_id: str | None = None
    strand: str | None = None
    audit_on: date | None = None


@dataclass(frozen=True, slots=True)
class SmartAction:
    """`section` is 13 or 15; `due_on` is when it should be done, `completed_on` when it was."""

    number: int
    section: int
    text: str
    owner_id: int
    due_on: date
    added_by: int
    added_on: date
    state: str = "open"
    is_live: bool = False
    """Its owner has been notified: it can no longer be edited or removed, only reported or cancelled."""
    progress: str = ""
    evidence: str = ""
    reported_by: int | None = None
    completed_on: date | None = None
    verified_by: int | None = None
    verified_on: date | None = None
    note: str = ""
    """The reason given last: why it was returned or cancelled, or more time refused."""
    earlier_due_dates: tuple[date, ...] = ()
    asked_due_on: date | None = None
    asked_by: int | None = None
    asked_reason: str = ""
    remind_on: date | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    post: str
    person_id: int
    stands_in: bool = False
    acknowledged_by: int | None = None
    acknowledged_at: datetime | None = None
    by_link: bool = False
    """By the signed link of an email, without signing in."""
    acknowledged_stands_in: bool | None = None
    """Whether who acknowledged it stood in for the post at that moment; None: not yet, or before this was stored."""

    @property
    def acknowledged_as(self) -> str | None:
        """As what they acknowledged it: "holder" or "stand_in"."""
        return {None: None, False: "holder", True: "stand_in"}[self.acknowledged_stands_in]


@dataclass(frozen=True, slots=True)
class Escalation:
    """One opening; `source` is "share", "moderate" or "raise", once per edition for the first two."""

    number: int
    edition: int
    source: str
    state: str
    opened_by: int
    opened_at: datetime
    recipients: tuple[Recipient, ...]
    reason: str = ""
    plan: str = ""
    plan_by: int | None = None
    plan_at: datetime | None = None
    resolution: str = ""
    resolved_by: int | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Audit:
    """`version` grows with every change; `edition` with every correction of what was shared."""

    reference: str
    state: str
    auditor_id: int
    form: tuple[str, int]
    rules_version: int
    started_at: datetime
    share_by: date
    id: int | None = None
    version: int = 0
    edition: int = 1
    moderator_id: int | None = None
    judged_by: int | None = None
    """The moderator whose own judgement was last sealed in this edition."""
    header: Header = Header()
    overall_grade: str | None = None
    """The auditor's, once shared; the moderator's, once moderated."""
    moderation_reason: str = ""
    shared_at: datetime | None = None
    moderated_at: datetime | None = None
    withdrawal_asked_by: int | None = None
    re_audit_prompt_on: date | None = None
    next_check_on: date | None = None
    """When the worker checks its deadlines again: straight after each move, then on the day of the next deadline."""
    escalation: Escalation | None = None
    escalated_to: frozenset[int] = frozenset()
    """The people that any of its escalations named, and those who acknowledged one: they keep sight of it."""
    actions: tuple[SmartAction, ...] = ()
    sections: Mapping[str, Answers] = field(default_factory=dict)
    section_versions: Mapping[str, int] = field(default_factory=dict)
    chain: Chain = field(default_factory=Chain)

    @property
    def escalation_state(self) -> str:
        return self.escalation.state if self.escalation else "none"

    @property
    def was_escalated(self) -> bool:
        return self.escalation is not None

    @property
    def is_judged(self) -> bool:
        """Its moderator has saved their own judgement whole, and it is sealed."""
        return self.judged_by is not None and self.judged_by == self.moderator_id

    @property
    def interested_people(self) -> frozenset[int | None]:
        """Those who own or reported an action: they neither verify it nor close the audit."""
        return frozenset(person for action in self.actions for person in (action.owner_id, action.reported_by))

    @property
    def was_shared(self) -> bool:
        return self.shared_at is not None

    @property
    def is_withdrawn(self) -> bool:
        return self.state == "withdrawn"

    @property
    def is_before_sharing(self) -> bool:
        return self.state in {"draft", "practitioner_consulted", "graded"}

    def answer(self, section: str, name: str) -> object:
        return self.sections.get(section, {}).get(name)

    def action(self, number: int) -> SmartAction | None:
        return next((action for action in self.actions if action.number == number), None)


class Moderation(Protocol):
    """Of an audit, or as its history retells it."""

    @property
    def moderator_id(self) -> int | None: ...

    @property
    def judged_by(self) -> int | None: ...

    @property
    def moderated_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Seal:
    """What was shared or moderated, unchanged; `digest` is SHA-256 of `content`."""

    edition: int
    part: str
    at: datetime
    by_id: int
    content: str
    digest: str
