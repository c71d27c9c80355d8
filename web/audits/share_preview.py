"""The last page before sharing: who will be notified, as what, and what they will read, so that mistakes can be corrected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from notifications.recipients import NotificationRules
from web.audits.section_forms import describe_answers
from web.directory.choices import name_units
from web.formatting import role_title
from workflow import audit as audit_changes
from workflow.commands.audit_view import AuditView
from workflow.commands.context import CommandContext
from workflow.directory import Holder, Person
from workflow.events import QA_INBOX, Event
from workflow.models import INADEQUATE, Audit
from workflow.roles import CASE_ROLES
from workflow.workflow_config import Move


@dataclass(frozen=True, slots=True)
class RecipientPreview:
    """Somebody who will be notified. A person in two roles is notified once, as both."""

    name: str
    roles: str
    teams: str


@dataclass(frozen=True, slots=True)
class PostPreview:
    """A post that must acknowledge: who holds it now (None if nobody does), and its deputies."""

    post: str
    holder: Holder | None
    deputies: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class SharePreview:
    """`audit` is as it will be once it is shared; `answers` are its sections as text."""

    audit: Audit
    recipients: tuple[RecipientPreview, ...]
    acknowledge: tuple[PostPreview, ...]
    """Empty unless sharing opens an escalation."""
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def somebody_stands_in(self) -> bool:
        return any(one.holder is None or one.holder.stands_in for one in self.acknowledge)


def preview_sharing(context: CommandContext, hears: NotificationRules, seen: AuditView, move: Move) -> SharePreview | None:
    """Return None for any move but `share`."""
    if move.name != "share":
        return None
    form = context.form_of(seen.audit)
    shared = audit_changes.shared(seen.audit, move.to, form.overall.key, context.now, context.today)
    posts = tuple(_list_posts(context, shared)) if shared.overall_grade == INADEQUATE else ()
    own_parts = [section.key for section in form.sections if section.part == "audit" and section.key in seen.sections]
    answers = {key: describe_answers(form, key, seen.sections[key], context.directory) for key in own_parts}
    return SharePreview(shared, tuple(_list_recipients(context, hears, seen.audit, shared)), posts, answers)


def _list_recipients(context: CommandContext, hears: NotificationRules, before: Audit, shared: Audit) -> Iterator[RecipientPreview]:
    notices = hears.notices(Event("audit_shared", shared.reference, 0), shared, context.directory)
    owners = (action.owner_id for action in shared.actions if action.number in audit_changes.newly_live(before, shared))
    for recipient in dict.fromkeys([*(notice.recipient for notice in notices), *owners]):
        person = context.directory.person(recipient) if recipient != QA_INBOX else None
        if person is None:
            yield RecipientPreview("The QA inbox", role_title("qa"), "Whole council")
        else:
            teams = ", ".join(name_units(person.units, context.directory)) or "None recorded"
            yield RecipientPreview(person.name, _name_roles(shared, person), teams)


def _name_roles(shared: Audit, person: Person) -> str:
    roles = [role for role in CASE_ROLES if getattr(shared.header, f"{role}_id") == person.id]
    owns = any(action.owner_id == person.id for action in shared.actions)
    return ", ".join(role_title(role) for role in [*roles, *(["owner"] if owns else [])])


def _list_posts(context: CommandContext, audit: Audit) -> Iterator[PostPreview]:
    directory, team = context.directory.for_child(audit.header.child_id), audit.header.team
    for post in context.rules.escalation_recipients:
        holder = directory.holder(post, team)
        others = tuple(one for one in directory.deputies(post, team) if holder is None or one.id != holder.person.id)
        yield PostPreview(post, holder, others)
