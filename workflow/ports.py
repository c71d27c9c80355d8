"""What the commands need from outside, as protocols. Each has a real part and a fake in the tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from workflow.events import Event, Notice
from workflow.history import Row
from workflow.people import Directory
from workflow.record import Audit, Seal


@dataclass(frozen=True, slots=True)
class Once:
    """A request under an Idempotency-Key. `digest` tells two requests under one key apart; `answer` is kept with the effect."""

    person_id: int
    key: str
    digest: str
    answer: Callable[[Audit], str]


@dataclass(frozen=True, slots=True)
class Change:
    """All that one command does, to be stored in one commit or not at all."""

    before: Audit | None
    after: Audit
    rows: tuple[Row, ...]
    remarks: Mapping[int, str]
    """Reasons in words, by history number; the history itself holds their digests."""
    notices: tuple[Notice, ...]
    seals: tuple[Seal, ...]
    directory_version: int
    at: datetime
    once: Once | None = None


class Changed(Exception):
    """The audit or the directory changed between reading and writing: read again and decide again."""


class AlreadyDone(Exception):
    """Another request under the same Idempotency-Key has committed."""


class Store(Protocol):
    def audit(self, reference: str) -> Audit | None: ...

    def seals(self, audit: Audit) -> tuple[Seal, ...]: ...

    def save(self, change: Change) -> None:
        """Store all of it in one commit; raises Changed where `before` or the directory is no longer what is stored, AlreadyDone."""

    def directory(self, at: datetime | None = None) -> Directory:
        """As of `at`, or now."""

    def answer_to(self, person_id: int, key: str) -> tuple[str, str] | None:
        """What was answered under an Idempotency-Key: the request's digest and the answer."""


class Telling(Protocol):
    def notices(self, event: Event, audit: Audit, directory: Directory) -> tuple[Notice, ...]:
        """Who is told of an event: each person once."""

    def unreachable(self, event: str, audit: Audit, directory: Directory) -> tuple[str, ...]:
        """The relations told of an event that lead to nobody active with an address."""

    def re_audit_prompt_on(self, audit: Audit) -> date | None:
        """When the QA Service is asked to plan the next audit of this child."""

    def picked_because(self, audit: Audit, grade: str | None) -> str:
        """Why the selection rule has this audit moderated, or "" where it does not."""
