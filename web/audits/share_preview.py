"""Who will be told by sharing, by name, before it is done: there a name left out, or too many, could still be put right."""

from collections.abc import Iterator
from dataclasses import dataclass

from notifications.recipients import NotificationRules
from workflow import audit as audit_changes
from workflow.commands.context import CommandContext
from workflow.directory import Holder, Person
from workflow.events import Event
from workflow.models import INADEQUATE, Audit
from workflow.workflow_config import Move


@dataclass(frozen=True, slots=True)
class WillAcknowledge:
    """One post that must acknowledge: who answers for it now, nobody where `holder` is None, and who would otherwise."""

    post: str
    holder: Holder | None
    deputies: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class WillBeTold:
    names: tuple[str, ...] = ()
    acknowledge: tuple[WillAcknowledge, ...] = ()
    """Empty where sharing opens no escalation."""

    @property
    def somebody_stands_in(self) -> bool:
        return any(one.holder is None or one.holder.stands_in for one in self.acknowledge)


def who_will_be_told(desk: CommandContext, hears: NotificationRules, audit: Audit, move: Move) -> WillBeTold | None:
    """None for every other move."""
    if move.name != "share":
        return None
    shared = audit_changes.shared(audit, desk.form_of(audit).overall.key, desk.now, desk.today)
    is_inadequate = shared.overall_grade == INADEQUATE
    return WillBeTold(tuple(_names(desk, hears, shared)), tuple(_posts(desk, shared)) if is_inadequate else ())


def _names(desk: CommandContext, hears: NotificationRules, audit: Audit) -> Iterator[str]:
    for notice in hears.notices(Event("audit_shared", audit.reference, 0), audit, desk.directory):
        person = desk.directory.person(notice.person_id)
        yield person.name if person else "the QA inbox"


def _posts(desk: CommandContext, audit: Audit) -> Iterator[WillAcknowledge]:
    directory, team = desk.directory.for_child(audit.header.child_id), audit.header.team
    for post in desk.rules.escalation_recipients:
        holder = directory.holder(post, team)
        others = tuple(one for one in directory.deputies(post, team) if holder is None or one.id != holder.person.id)
        yield WillAcknowledge(post, holder, others)
