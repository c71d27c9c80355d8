"""Who will be notified when an audit is shared, shown before sharing so that mistakes can be corrected."""

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
class PostPreview:
    """A post that must acknowledge: who holds it now (None if nobody does), and its deputies."""

    post: str
    holder: Holder | None
    deputies: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class SharePreview:
    names: tuple[str, ...] = ()
    acknowledge: tuple[PostPreview, ...] = ()
    """Empty unless sharing opens an escalation."""

    @property
    def somebody_stands_in(self) -> bool:
        return any(one.holder is None or one.holder.stands_in for one in self.acknowledge)


def preview_sharing(context: CommandContext, hears: NotificationRules, audit: Audit, move: Move) -> SharePreview | None:
    """Return None for any move but `share`."""
    if move.name != "share":
        return None
    shared = audit_changes.shared(audit, move.to, context.form_of(audit).overall.key, context.now, context.today)
    is_inadequate = shared.overall_grade == INADEQUATE
    return SharePreview(tuple(_list_names(context, hears, shared)), tuple(_list_posts(context, shared)) if is_inadequate else ())


def _list_names(context: CommandContext, hears: NotificationRules, audit: Audit) -> Iterator[str]:
    for notice in hears.notices(Event("audit_shared", audit.reference, 0), audit, context.directory):
        person = context.directory.person(notice.recipient)
        yield person.name if person else "the QA inbox"


def _list_posts(context: CommandContext, audit: Audit) -> Iterator[PostPreview]:
    directory, team = context.directory.for_child(audit.header.child_id), audit.header.team
    for post in context.rules.escalation_recipients:
        holder = directory.holder(post, team)
        others = tuple(one for one in directory.deputies(post, team) if holder is None or one.id != holder.person.id)
        yield PostPreview(post, holder, others)
