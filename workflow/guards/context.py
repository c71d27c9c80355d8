"""What a guard is given: the audit, the person, and what came with the move."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from workflow.directory import Directory, Person
from workflow.errors import Missing
from workflow.forms import Form
from workflow.models import Audit, SmartAction


@dataclass(frozen=True, slots=True)
class MoveInput:
    """What came with the move."""

    reason: str = ""
    plan: str = ""
    due_on: date | None = None
    completed_on: date | None = None
    new_actions: tuple[SmartAction, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardContext:
    audit: Audit
    who: Person
    directory: Directory
    form: Form
    today: date
    recipients: tuple[str, ...]
    titles: Mapping[str, str]
    """What each role is called."""
    given: MoveInput = MoveInput()
    action: SmartAction | None = None
    writers: Callable[[], frozenset[int]] = frozenset
    """Who ever was the auditor, or wrote any of it: read from the history only where a guard asks."""

    @property
    def audit_as_written(self) -> Audit:
        """During a correction the header is still the one that was shared."""
        child_id = self.answer("details", "child_id")
        return replace(self.audit, header=replace(self.audit.header, child_id=child_id if isinstance(child_id, str) else None))

    def answer(self, section: str, name: str) -> object:
        return self.audit.answer(section, name)

    def person(self, section: str, name: str) -> Person | None:
        answer = self.answer(section, name)
        return self.directory.person(answer) if isinstance(answer, int) else None


Guard = Callable[[GuardContext], Iterator[Missing]]
