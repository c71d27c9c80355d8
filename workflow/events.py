"""Events, in the past tense. config/notifications.toml names the recipients of each."""

from dataclasses import dataclass
from datetime import date

QA_INBOX = 0
"""The recipient of a notice to the shared address of the QA Service. No person has this id."""


@dataclass(frozen=True, slots=True)
class Event:
    """`key` is unique to the event, so that each recipient is notified once; `number` is that of its history row."""

    name: str
    reference: str
    number: int
    action: int | None = None
    due_on: date | None = None
    grade_changed: bool = False
    recipients: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        part = f"/{self.action}" if self.action is not None else ""
        return f"{self.reference}/{self.number}/{self.name}{part}"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one person, by their id, or to QA_INBOX."""

    key: str
    event: str
    recipient: int
    reference: str
    action: int | None = None
    due_on: date | None = None
