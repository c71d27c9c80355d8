"""Writing the actions of an audit: agreed by the auditor, added after moderation, progress recorded (rules, section 2)."""

from dataclasses import dataclass, replace
from typing import TypeVar

from workflow import smart_action
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.directory import Person
from workflow.errors import BadInput, ErrorCollector, NotFound, PermissionDenied
from workflow.models import Audit, SmartAction
from workflow.naming import reason_not_to_name
from workflow.validation import read_day, read_text

MAX_TEXT = 10_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewAction:
    """As typed: `owner` is an email address, `due_on` an ISO date."""

    text: object
    owner: object
    due_on: object


@retry_on_conflict
def add_action(context: CommandContext, who: Person, reference: str, new: NewAction) -> SmartAction:
    """Section 13 before sharing, section 15 while moderating and once moderated."""
    audit, ties = get_visible_audit(context, who, reference)
    if context.permissions.allow("add_action", audit, ties):
        action = _agreed(context, who, audit, new, section=13)
    elif context.permissions.allow("add_further_action", audit, ties):
        (action,) = read_further_actions(context, who, audit, (new,))
    else:
        raise PermissionDenied("You can’t add an action to this audit now.")
    if audit.state == "moderated":
        action = smart_action.goes_live(action, context.today)
    work = UnitOfWork(context, who, audit, audit)
    work.record_transition(smart_action.added(audit, action), "add_action", facts={"action": action.number})
    if action.is_live:
        work.notify("action_assigned", action=action.number, due_on=action.due_on)
    return stored_action(work.commit(), action.number)


def read_further_actions(context: CommandContext, who: Person, audit: Audit, new: tuple[NewAction, ...]) -> tuple[SmartAction, ...]:
    """Actions of section 15, due on or after today; raises BadInput."""
    actions = [_agreed(context, who, audit, one, section=15) for one in new]
    if any(action.due_on < context.today for action in actions):
        raise BadInput.about("due_on", "The due date can’t be before today.", "actions")
    first = smart_action.next_number(audit)
    return tuple(replace(action, number=first + n) for n, action in enumerate(actions))


def _agreed(context: CommandContext, who: Person, audit: Audit, new: NewAction, section: int) -> SmartAction:
    errors = ErrorCollector()
    with errors:
        text = _required(read_text("text", new.text, MAX_TEXT), "text", "Say what should be done.")
    with errors:
        owner = _required(_find_person(context, new.owner), "owner", "Give the email address of the one person responsible.")
    with errors:
        due_on = _required(read_day("due_on", new.due_on), "due_on", "Give the due date.")
    errors.refuse()
    if reason := reason_not_to_name(owner, "owner", audit, context.directory, context.permissions.titles):
        raise BadInput.about("owner", reason, "actions")
    return SmartAction(smart_action.next_number(audit), section, text, owner.id, due_on, who.id, context.today)


def _required(value: T | None, field: str, otherwise: str) -> T:
    if not value:
        raise BadInput.about(field, otherwise, "actions")
    return value


def _find_person(context: CommandContext, email: object) -> Person | None:
    return context.directory.by_email(email) if isinstance(email, str) else None


@retry_on_conflict
def change_action(context: CommandContext, who: Person, reference: str, number: int, new: NewAction) -> SmartAction:
    """Change an action; possible only until its owner is notified."""
    audit, action = _own_draft(context, who, reference, number)
    worded = _agreed(context, who, audit, new, action.section)
    changed = replace(action, text=worded.text, owner_id=worded.owner_id, due_on=worded.due_on)
    work = UnitOfWork(context, who, audit, audit)
    work.record_transition(smart_action.with_action(audit, changed), "change_action", facts={"action": number})
    return stored_action(work.commit(), number)


@retry_on_conflict
def remove_action(context: CommandContext, who: Person, reference: str, number: int) -> Audit:
    audit, _ = _own_draft(context, who, reference, number)
    work = UnitOfWork(context, who, audit, audit)
    work.record_transition(smart_action.removed(audit, number), "remove_action", facts={"action": number})
    return work.commit()


def _own_draft(context: CommandContext, who: Person, reference: str, number: int) -> tuple[Audit, SmartAction]:
    audit, ties = get_visible_audit(context, who, reference)
    action = visible_action(context, who, audit, ties, number)
    if not may_change_action(context, who, audit, ties, action):
        raise PermissionDenied(
            "An action can be changed or removed only by its auditor or moderator, and only before its owner is notified."
        )
    return audit, action


def may_change_action(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str], action: SmartAction) -> bool:
    """Until its owner is notified: the person who writes that part of the audit now, even if somebody before them added it."""
    if action.is_live:
        return False
    right = "add_action" if action.section == 13 else "add_further_action"
    return _writes(context, audit, ties, action) or (action.added_by == who.id and context.permissions.allow(right, audit, ties))


def _writes(context: CommandContext, audit: Audit, ties: frozenset[str], action: SmartAction) -> bool:
    return context.permissions.allow("write_audit" if action.section == 13 else "write_moderation", audit, ties)


@retry_on_conflict
def record_progress(
    context: CommandContext, who: Person, reference: str, number: int, progress: object = None, evidence: object = None
) -> SmartAction:
    """None leaves the stored text as it is."""
    audit, ties = get_visible_audit(context, who, reference)
    action = visible_action(context, who, audit, ties, number)
    if action.owner_id != who.id or not action.is_live or not context.permissions.allow("record_progress", audit, ties):
        raise PermissionDenied("Only the person responsible for the action can record progress.")
    typed = {name: read_text(name, value) for name, value in (("progress", progress), ("evidence", evidence)) if value is not None}
    work = UnitOfWork(context, who, audit, audit)
    changed = replace(action, progress=typed.get("progress", action.progress), evidence=typed.get("evidence", action.evidence))
    work.record_transition(smart_action.with_action(audit, changed), "record_progress", facts={"action": number})
    return stored_action(work.commit(), number)


def visible_action(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str], number: int) -> SmartAction:
    """The action; raises NotFound both where it does not exist and where this person may not see it."""
    action = stored_action(audit, number)
    if not may_see_action(context, who, audit, ties, action):
        raise NotFound
    return action


def may_see_action(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str], action: SmartAction) -> bool:
    """Until its owner is notified, only the people who may add actions see it; then its owner and the readers do too."""
    reads = context.permissions.allow("read_audit" if action.section == 13 else "read_moderation", audit, ties)
    if action.is_live:
        return reads or (action.owner_id == who.id and "owner" in ties)
    # Having written it gives no right back: a former auditor who may not read the audit does not see it.
    return _writes(context, audit, ties, action) or (reads and action.added_by == who.id)


def stored_action(audit: Audit, number: int) -> SmartAction:
    action = audit.action(number)
    if action is None:
        raise NotFound
    return action
