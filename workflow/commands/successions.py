"""The QA Service names somebody else for a duty on a shared audit. What was sealed stays as it was; the history says who and why."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from workflow import audit as audit_changes
from workflow import smart_action
from workflow.commands.actions import visible_action
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.directory import Directory, Person
from workflow.duty_holders import OWNER
from workflow.errors import BadInput, ErrorCollector, Missing, NotFound, PermissionDenied, PreconditionsNotMet
from workflow.guards.audits import AUDITED_ROLES
from workflow.models import Audit, SmartAction
from workflow.naming import reason_not_to_name
from workflow.roles import CASE_ROLES
from workflow.validation import read_text

RIGHT = "name_successor"


@retry_on_conflict
def name_person(context: CommandContext, who: Person, reference: str, role: str, person: object, reason: object) -> Audit:
    """Name somebody else as Team Manager, Service Manager, QARO or practitioner, by email; raises NotFound for another role."""
    audit = _audit_to_hand_over(context, who, reference)
    if role not in CASE_ROLES:
        raise NotFound
    successor, words = _read(context, audit, role, person, reason)
    if conflicts := tuple(conflicts_of_successor(successor, role, audit, context.permissions.title(role))):
        raise PreconditionsNotMet(conflicts)
    if getattr(audit.header, f"{role}_id") == successor.id:
        raise BadInput.about("person", f"{successor.name} is the {context.permissions.title(role)} already.")
    work = UnitOfWork(context, who, audit, audit)
    work.record_transition(
        audit_changes.with_person(audit, role, successor.id), "name_person", words, {"role": role, "person": successor.id}
    )
    work.notify("duty_given", recipients=(successor.id,))
    return work.commit()


@retry_on_conflict
def name_owner(context: CommandContext, who: Person, reference: str, number: int, person: object, reason: object) -> SmartAction:
    """Make somebody else, by email, responsible for an action that is not settled; the Team Manager is told too."""
    audit, ties = get_visible_audit(context, who, reference)
    action = visible_action(context, who, audit, ties, number)
    audit = _audit_to_hand_over(context, who, reference)
    if not may_change_owner(action):
        raise PermissionDenied("The person responsible can be changed only once they were notified, and until the action is settled.")
    successor, words = _read(context, audit, OWNER, person, reason)
    if action.owner_id == successor.id:
        raise BadInput.about("person", f"{successor.name} is responsible for it already.")
    work = UnitOfWork(context, who, audit, audit)
    after = smart_action.with_action(audit, replace(action, owner_id=successor.id))
    work.record_transition(after, "name_owner", words, {"action": number, "owner": successor.id})
    work.notify("action_given", action=number, due_on=action.due_on)
    committed = work.commit().action(number)
    assert committed is not None, "it was changed, not removed"
    return committed


def conflicts_of_successor(person: Person, role: str, audit: Audit, title: str) -> Iterator[Missing]:
    """Why separation of duties keeps this person from a role of the case (rules, section 5)."""
    if role in AUDITED_ROLES and person.id == audit.auditor_id:
        yield Missing("", "person", f"The auditor can’t also be the {title} of the case.")
    if person.id == audit.moderator_id:
        yield Missing("", "person", f"The moderator can’t also be the {title} of the case.")


def may_follow(person: Person, duty: str, audit: Audit, directory: Directory, titles: Mapping[str, str]) -> bool:
    """Whether this person could be named for a duty: what a page offers to choose from."""
    return not reason_not_to_name(person, duty, audit, directory, titles) and not any(conflicts_of_successor(person, duty, audit, ""))


def may_change_owner(action: SmartAction) -> bool:
    return action.is_live and action.state in {"open", "reported"}


def _audit_to_hand_over(context: CommandContext, who: Person, reference: str) -> Audit:
    audit, ties = get_visible_audit(context, who, reference)
    if not context.permissions.allow(RIGHT, audit, ties):
        raise PermissionDenied("Only the QA Service can name somebody else, once the audit is shared and until it is closed.")
    return audit


def _read(context: CommandContext, audit: Audit, duty: str, typed: object, reason: object) -> tuple[Person, str]:
    """The successor and the reason; raises BadInput for somebody who could not carry the duty out."""
    errors, words, person = ErrorCollector(), "", None
    with errors:
        person = context.directory.by_email(typed) if isinstance(typed, str) else None
        if person is None:
            raise BadInput.about("person", "Choose somebody who is active here, by their email address.")
    with errors:
        words = read_text("reason", reason)
        if not words:
            raise BadInput.about("reason", "Give a reason.")
    errors.refuse()
    assert person is not None, "refused otherwise"
    if why_not := reason_not_to_name(person, duty, audit, context.directory, context.permissions.titles):
        raise BadInput.about("person", why_not)
    return person, words
