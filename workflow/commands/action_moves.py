"""The moves of an action: completion reported, verified or returned, cancelled, more time (rules, section 2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from workflow import smart_action
from workflow.commands.actions import stored_action, visible_action
from workflow.commands.available_moves import check_permitted, check_preconditions, make_guard_context
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.directory import Person
from workflow.errors import PermissionDenied
from workflow.guards.context import MoveInput
from workflow.models import SmartAction
from workflow.validation import read_text
from workflow.workflow_config import history_verb

Changes = Callable[[SmartAction], SmartAction]


@dataclass(frozen=True, slots=True)
class _Request:
    """A move of an action, and the person who makes it."""

    context: CommandContext
    who: Person
    reference: str
    number: int
    move: str


@retry_on_conflict
def report(context: CommandContext, who: Person, reference: str, number: int, completed_on: date | None = None) -> SmartAction:
    day = completed_on or context.today
    request, given = _Request(context, who, reference, number, "report"), MoveInput(completed_on=completed_on)
    return _make(request, given, lambda action: smart_action.reported(action, who.id, day))


@retry_on_conflict
def verify(context: CommandContext, who: Person, reference: str, number: int) -> SmartAction:
    request = _Request(context, who, reference, number, "verify")
    return _make(request, MoveInput(), lambda action: smart_action.verified(action, who.id, context.today))


@retry_on_conflict
def return_action(context: CommandContext, who: Person, reference: str, number: int, reason: str) -> SmartAction:
    given = MoveInput(reason=read_text("reason", reason))
    request = _Request(context, who, reference, number, "return")
    return _make(request, given, lambda action: smart_action.returned(action, given.reason, context.today))


@retry_on_conflict
def cancel(context: CommandContext, who: Person, reference: str, number: int, reason: str) -> SmartAction:
    given = MoveInput(reason=read_text("reason", reason))
    request = _Request(context, who, reference, number, "cancel")
    return _make(request, given, lambda action: smart_action.cancelled(action, given.reason))


@retry_on_conflict
def ask_for_more_time(context: CommandContext, who: Person, reference: str, number: int, due_on: date | None, reason: str) -> SmartAction:
    given = MoveInput(reason=read_text("reason", reason), due_on=due_on)

    def asked(action: SmartAction) -> SmartAction:
        assert due_on is not None, "the guard has seen a later date"
        return smart_action.more_time_asked(action, who.id, due_on, given.reason)

    return _make(_Request(context, who, reference, number, "ask_for_more_time"), given, asked)


@retry_on_conflict
def grant_more_time(context: CommandContext, who: Person, reference: str, number: int) -> SmartAction:
    request = _Request(context, who, reference, number, "grant_more_time")
    return _make(request, MoveInput(), lambda action: smart_action.more_time_granted(action, context.today))


@retry_on_conflict
def refuse_more_time(context: CommandContext, who: Person, reference: str, number: int, reason: str) -> SmartAction:
    given = MoveInput(reason=read_text("reason", reason))
    request = _Request(context, who, reference, number, "refuse_more_time")
    return _make(request, given, lambda action: smart_action.more_time_refused(action, given.reason))


def _make(request: _Request, given: MoveInput, changes: Changes) -> SmartAction:
    """Change the action as the move does, and move it to the state that the table says."""
    context, who, number, track = request.context, request.who, request.number, request.context.rules.action
    audit, ties = get_visible_audit(context, who, request.reference)
    action, move = visible_action(context, who, audit, ties, number), track.moves[request.move]
    check_permitted(context, who, audit, ties if action.owner_id == who.id else ties - {"owner"}, move, action)
    if audit.state not in {"shared", "moderated"} or not action.is_live:
        raise PermissionDenied("Actions can be reported, verified or changed only once the audit is shared, and until it is closed.")
    to = check_preconditions(track, action.state, move, make_guard_context(context, who, audit, given, action))
    after = smart_action.with_action(audit, replace(changes(action), state=to))
    work = UnitOfWork(context, who, audit, audit)
    work.record_transition(after, history_verb("action", move.name), given.reason, {"action": number})
    work.notify(move.tells, action=number, due_on=action.due_on)
    return stored_action(work.commit(), number)
