"""What the commands need from outside, as protocols. Each has a real implementation and a fake in the tests."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from workflow.directory import Directory, Duty, Person, Request
from workflow.events import Event, Notice
from workflow.history import Row
from workflow.models import Audit, Escalation, Seal
from workflow.role_assignments import DeclaredConnection, Delegation, DirectoryEvent, OpenDuty, Unit


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """What is stored of a request under an Idempotency-Key, in the same commit as its effect."""

    person_id: int
    key: str
    digest: str
    answer: str


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request under an Idempotency-Key. `digest` tells two requests under one key apart; `render` writes the answer to it.

    The answer may quote the case: `encrypt` is how it is stored. `decrypt` returns None for what it can’t read.
    """

    person_id: int
    key: str
    digest: str
    render: Callable[[Audit], str]
    encrypt: Callable[[str], str]
    decrypt: Callable[[str], str | None]

    def claim(self, audit: Audit) -> IdempotencyClaim:
        return IdempotencyClaim(self.person_id, self.key, self.digest, self.encrypt(self.render(audit)))


@dataclass(frozen=True, slots=True)
class Change:
    """The whole effect of one command, stored in one commit or not at all."""

    before: Audit | None
    after: Audit
    rows: tuple[Row, ...]
    remarks: Mapping[int, str]
    """The text of reasons, by history number; the history itself holds their digests."""
    notices: tuple[Notice, ...]
    seals: tuple[Seal, ...]
    directory_version: int
    at: datetime
    claim: IdempotencyClaim | None = None


@dataclass(frozen=True, slots=True)
class ReadLogEntry:
    """That case text was shown, without the text. `person_id` is None on the command line."""

    person_id: int | None
    by_name: str
    reference: str
    edition: int
    version: int
    door: str
    """page, json or export"""
    what: str
    """The endpoint, and the key of a section or the number of an action."""
    at: datetime
    emergency_id: int | None = None


@dataclass(frozen=True, slots=True)
class EmergencyAccessRequest:
    """A request to read an audit in an emergency; `ends_at` is set once somebody else gave access."""

    reference: str
    asked_by: int
    asked_at: datetime
    reason: str
    id: int = 0
    answered_by: int | None = None
    answered_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An audit that waits for somebody, and what decides who that is: its team, its child, and who asked for a withdrawal."""

    reference: str
    team: str | None
    child_id: str | None
    asked_by: int | None = None


class ConcurrentChange(Exception):
    """The audit or the directory changed between reading and writing: read again and decide again."""


class AlreadyDone(Exception):
    """Another request under the same Idempotency-Key has committed."""


class DirectoryWriter(Protocol):
    """Changes of the directory, in one commit with their history. What it has read can’t change before the commit."""

    def add_people(self, *added: tuple[str, str]) -> Mapping[str, int]:
        """Given addresses and names, return the ids by address."""

    def change_person(self, person_id: int, name: str, email: str, *, is_active: bool) -> None: ...

    def change_address(self, person_id: int, former: str, email: str) -> None:
        """And end sessions, tokens, the calendar’s address and emailed links; the former address is told."""

    def tell_of_name(self, person_id: int) -> None:
        """Email the person that their name was changed."""

    def give(self, *given: tuple[int, Duty]) -> None: ...

    def take(self, person_id: int, duty: Duty) -> None:
        """And end the delegations of it."""

    def set_units(self, *placed: tuple[int, frozenset[str]]) -> None:
        """Each person in exactly these teams and services, by their codes."""

    def store_enrolment_code(self, person_id: int, digest: str) -> None:
        """In place of an earlier one, and tell the person that one was made."""

    def turn_passwords(self, person_id: int, *, is_on: bool) -> None:
        """The person is told by email; off, what they have now is gone."""

    def end_everything(self, person_id: int) -> None:
        """Duties, delegations to and from, open requests, sight of escalations, and everything that gives access: a returner starts again."""

    def delegate(self, delegation: Delegation, given_by: int) -> None: ...

    def end_delegation(self, delegation_id: int) -> None: ...

    def add_unit(self, unit: Unit) -> None: ...

    def change_unit(self, unit: Unit) -> None: ...

    def connect(self, person_id: int, child_id: str, by: int) -> None: ...

    def end_connection(self, connection_id: int, by: int) -> None: ...

    def ask(self, request: Request) -> None: ...

    def answer(self, request_id: int, by: int, *, is_granted: bool) -> None: ...

    def record(self, by: Person | None, *entries: DirectoryEvent) -> None:
        """Lines of the directory’s history; `by` is None for the command line."""

    def notify(self, notices: Sequence[Notice]) -> None: ...

    def request(self, request_id: int) -> Request | None:
        """A request that nobody has answered yet."""

    def delegation(self, delegation_id: int) -> Delegation | None: ...

    def connection(self, connection_id: int) -> DeclaredConnection | None: ...

    def delegated_to(self, person_id: int) -> frozenset[Duty]:
        """The duties of every delegation to them that has not ended."""

    def ever_held_a_role(self, person_id: int) -> bool:
        """Whether the record says that they once held a role, or had one delegated to them."""

    def is_named_in_audits(self, person_id: int, role: str) -> bool:
        """Whether an audit names them in one of NAMED_ROLES."""

    def holdings(self, person_id: int, child_id: str | None = None) -> tuple[OpenDuty, ...]:
        """What this person answers for on audits that are not finished; of one child alone where one is named."""

    def directory(self) -> Directory:
        """As it is after what was written so far."""

    def unresolved_escalations(self) -> tuple[Waiting, ...]: ...

    def asked_withdrawals(self) -> tuple[Waiting, ...]:
        """Those that wait for somebody to agree."""


class Store(Protocol):
    def audit(self, reference: str) -> Audit | None: ...

    def shared_before(self, audit: Audit) -> int:
        """How many other audits its auditor has shared."""

    def seals(self, audit: Audit) -> tuple[Seal, ...]: ...

    def save(self, change: Change) -> None:
        """Store all of it in one commit; raises ConcurrentChange where `before` or the directory is no longer what is stored, AlreadyDone."""

    def changing(self, directory_version: int, at: datetime) -> AbstractContextManager[DirectoryWriter]:
        """One commit on leaving it; raises ConcurrentChange where the directory is no longer that version."""

    def directory(self, at: datetime | None = None) -> Directory:
        """As of `at`, or now."""

    def log_readings(self, readings: Sequence[ReadLogEntry]) -> None:
        """Commit the entries before anything is shown; raises ReadLogUnavailable where that fails."""

    def readings(self, reference: str, person_id: int) -> Sequence[ReadLogEntry]:
        """Those of one audit by one person."""

    def ask(self, emergency: EmergencyAccessRequest, notices: Sequence[Notice], most_open: int) -> bool:
        """Whether it is open: False where the person has as many open requests as they may.

        While the same person’s request for the same reference is open, asking again changes nothing.
        """

    def emergency(self, emergency_id: int) -> EmergencyAccessRequest | None: ...

    def answer(self, emergency: EmergencyAccessRequest, notices: Sequence[Notice], directory_version: int) -> None:
        """In one commit; raises ConcurrentChange where it has been answered, or the directory has changed."""

    def history(self, audit: Audit) -> tuple[Row, ...]: ...

    def history_and_reasons(self, audit: Audit) -> tuple[tuple[Row, str | None], ...]:
        """Each row with the text of its reason, or None."""

    def answer_to(self, person_id: int, key: str) -> tuple[str, str] | None:
        """What was answered under an Idempotency-Key: the request's digest and the answer."""


class NotificationPolicy(Protocol):
    def notices(self, event: Event, audit: Audit, directory: Directory) -> tuple[Notice, ...]:
        """The notices of an event, one for each recipient."""

    def share_by(self, day: date) -> date:
        """When an audit allocated on that day must be shared."""

    def re_audit_prompt_on(self, audit: Audit) -> date | None:
        """When the QA Service is asked to plan the next audit of this child."""

    def escalation_due_on(self, escalation: Escalation, post: str) -> date | None:
        """When the post must acknowledge it, or plan for it where it has; None where nothing with a date is left to do."""

    def emergency_ends_at(self, at: datetime) -> datetime:
        """When emergency access given at that time ends."""

    def moderation_reason(self, audit: Audit, grade: str | None, shared_before: Callable[[], int]) -> str:
        """Why the selection rule has this audit moderated, or ""; `shared_before` counts the other audits that its auditor has shared."""
