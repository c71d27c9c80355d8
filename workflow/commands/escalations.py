"""The moves of an escalation: each recipient acknowledges, the Head of Service plans, it is resolved or raised by hand (rules, 3)."""

from workflow import escalation
from workflow.commands.audit_moves import open_escalation
from workflow.commands.available_moves import check_permitted, check_preconditions, make_guard_context
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.directory import Person
from workflow.guards import is_met
from workflow.guards.context import MoveInput
from workflow.models import Audit
from workflow.validation import read_text
from workflow.workflow_config import Move


@retry_on_conflict
def acknowledge(context: CommandContext, who: Person, reference: str, *, by_link: bool = False) -> Audit:
    """Each recipient acknowledges, signed in or by the link in their email; once all have, the escalation is acknowledged."""
    work, move, to = _begin(context, who, reference, "acknowledge", MoveInput())
    after = escalation.acknowledged(work.audit, who, context.now, context.directory, by_link=by_link)
    if not move.waits_for or is_met(move.waits_for, make_guard_context(context, who, after)):
        after = escalation.in_state(after, to)
    work.record_transition(after, "acknowledge_escalation", facts={"by": "link"} if by_link else None)
    work.notify(move.tells)
    return work.commit()


@retry_on_conflict
def plan(context: CommandContext, who: Person, reference: str, plan: str) -> Audit:
    plan = read_text("plan", plan)
    work, move, to = _begin(context, who, reference, "plan", MoveInput(plan=plan))
    work.record_transition(escalation.planned(work.audit, to, who, context.now, plan), "plan_escalation", plan)
    work.notify(move.tells)
    return work.commit()


@retry_on_conflict
def resolve(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    reason = read_text("reason", reason)
    work, move, to = _begin(context, who, reference, "resolve", MoveInput(reason=reason))
    work.record_transition(escalation.resolved(work.audit, to, who, context.now, reason), "resolve_escalation", reason)
    work.notify(move.tells)
    return work.commit()


@retry_on_conflict
def raise_escalation(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    reason = read_text("reason", reason)
    work, _, _ = _begin(context, who, reference, "raise", MoveInput(reason=reason))
    open_escalation(work, "raise", reason)
    return work.commit()


def _begin(context: CommandContext, who: Person, reference: str, name: str, given: MoveInput) -> tuple[UnitOfWork, Move, str]:
    """The unit of work, the move, and the state that it leads to."""
    audit, ties = get_visible_audit(context, who, reference)
    move = context.rules.escalation.moves[name]
    check_permitted(context, who, audit, ties, move)
    to = check_preconditions(context.rules.escalation, audit.escalation_state, move, make_guard_context(context, who, audit, given))
    return UnitOfWork(context, who, audit, audit), move, to
