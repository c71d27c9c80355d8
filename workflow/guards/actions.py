"""Guards of section 13, of each action’s own moves, and of closing."""

from collections.abc import Iterator

from workflow.errors import Missing
from workflow.guards.context import Guard, GuardContext
from workflow.models import INADEQUATE, SmartAction
from workflow.naming import reason_not_to_name


def actions_are_agreed(s: GuardContext) -> Iterator[Missing]:
    if s.audit.actions:
        return
    if s.answer(s.form.overall.key, "grade") == INADEQUATE:
        yield Missing("actions", "no_actions_reason", "Agree at least one action: the final judgement is Inadequate.")
    elif not s.answer("actions", "no_actions_reason"):
        yield Missing("actions", "no_actions_reason", "Agree at least one action, or say why none is needed.")


def every_action_is_complete(s: GuardContext) -> Iterator[Missing]:
    for action in s.audit.actions:
        if not action.is_live:
            yield from _is_complete(s, action)


def _is_complete(s: GuardContext, action: SmartAction) -> Iterator[Missing]:
    owner = s.directory.person(action.owner_id)
    if owner is None:
        yield Missing("actions", "owner", f"Action {action.number} needs a responsible person.")
    elif reason := reason_not_to_name(owner, "owner", s.audit_as_written, s.directory, s.titles):
        yield Missing("actions", "owner", f"Action {action.number}: {reason}")
    audited_on = s.answer("details", "audit_date")
    if isinstance(audited_on, str) and action.due_on.isoformat() < audited_on:
        yield Missing("actions", "due_on", f"Action {action.number} is due before the audit date.")


def every_action_is_settled(s: GuardContext) -> Iterator[Missing]:
    for action in s.audit.actions:
        if action.state not in {"verified", "cancelled"}:
            yield Missing("actions", "state", f"Action {action.number} is neither verified nor cancelled.")


def closer_is_independent(s: GuardContext) -> Iterator[Missing]:
    if any(action.reported_by == s.who.id for action in s.audit.actions):
        yield Missing("actions", "reported_by", "You reported completion of an action, so somebody else closes the audit.")
    if any(action.owner_id == s.who.id for action in s.audit.actions):
        yield Missing("actions", "owner", "You own an action of this audit, so somebody else closes it.")


def verifier_is_independent(s: GuardContext) -> Iterator[Missing]:
    action = _of(s)
    if action.reported_by == s.who.id:
        yield Missing("actions", "reported_by", "You reported completion of this action, so somebody else verifies it.")
    if action.owner_id == s.who.id:
        yield Missing("actions", "owner", "You own this action, so somebody else verifies it.")


def canceller_is_independent(s: GuardContext) -> Iterator[Missing]:
    if _of(s).owner_id == s.who.id:
        yield Missing("actions", "owner", "You own this action, so somebody else cancels it.")


def completion_date_is_possible(s: GuardContext) -> Iterator[Missing]:
    done = s.given.completed_on
    if done is not None and done > s.today:
        yield Missing("actions", "completed_on", "The day it was completed can’t be in the future.")


def later_date_is_given(s: GuardContext) -> Iterator[Missing]:
    asked, due = s.given.due_on, _of(s).due_on
    if asked is None or asked <= due or asked < s.today:
        yield Missing("actions", "due_on", "Give a new due date that is later than the present one.")


def more_time_was_asked(s: GuardContext) -> Iterator[Missing]:
    if _of(s).asked_due_on is None:
        yield Missing("actions", "due_on", "Nobody has asked for more time.")


def more_time_was_asked_by_another(s: GuardContext) -> Iterator[Missing]:
    action = _of(s)
    if action.asked_due_on is not None and s.who.id in {action.asked_by, action.owner_id}:
        yield Missing("actions", "due_on", "You asked for more time or own this action, so somebody else decides.")


def new_action_is_given(s: GuardContext) -> Iterator[Missing]:
    if not s.given.new_actions:
        yield Missing("actions", "text", "Give at least one new action with the move.")


def reason_is_given(s: GuardContext) -> Iterator[Missing]:
    if not s.given.reason:
        yield Missing("", "reason", "Give a reason.")


def _of(s: GuardContext) -> SmartAction:
    assert s.action is not None, "an action's guard is asked about an action"
    return s.action


GUARDS: tuple[Guard, ...] = (
    actions_are_agreed, every_action_is_complete, every_action_is_settled, closer_is_independent, verifier_is_independent,
    canceller_is_independent, completion_date_is_possible, later_date_is_given, more_time_was_asked,
    more_time_was_asked_by_another, new_action_is_given, reason_is_given,
)  # fmt: skip
