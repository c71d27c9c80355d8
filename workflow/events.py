"""What has happened, in the past tense. `config/notifications.toml` says, by the same names, who is told."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Event:
    """`key` is unique to the happening, so that each of its recipients is told once; `number` is its history row's."""

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
    """One message to one person, or to the QA inbox where `person_id` is None."""

    key: str
    event: str
    person_id: int | None
    reference: str
    action: int | None = None
    due_on: date | None = None
