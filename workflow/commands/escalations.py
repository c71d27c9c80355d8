"""The escalation: each recipient acknowledges, the Head of Service plans, it is resolved or raised by hand (rules, 3)."""

from workflow import escalation
from workflow.commands.audit_moves import open_escalation
from workflow.commands.available_moves import check_permitted, check_preconditions, situation
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.directory import Person
from workflow.guards import holds
from workflow.guards.context import MoveInput
from workflow.models import Audit
from workflow.validation import read_text


@retry_on_conflict
def acknowledge(context: CommandContext, who: Person, reference: str, *, by_link: bool = False) -> Audit:
    """Each recipient by themselves, signed in or by the link in their mail; once all have, the escalation is acknowledged."""
    step, to = _begin(context, who, reference, "acknowledge", MoveInput())
    after = escalation.acknowledged(step.audit, who, context.now, context.directory, by_link=by_link)
    if holds(context.rules.escalation.moves["acknowledge"].waits_for, situation(context, who, after)):
        after = escalation.in_state(after, to)
    step.record_transition(after, "acknowledge_escalation", facts={"by": "link"} if by_link else None)
    return step.commit()


@retry_on_conflict
def plan(context: CommandContext, who: Person, reference: str, plan: str) -> Audit:
    plan = read_text("plan", plan)
    step, _ = _begin(context, who, reference, "plan", MoveInput(plan=plan))
    step.record_transition(escalation.planned(step.audit, who, context.now, plan), "plan_escalation", plan)
    step.tell("plan_recorded")
    return step.commit()


@retry_on_conflict
def resolve(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    reason = read_text("reason", reason)
    step, _ = _begin(context, who, reference, "resolve", MoveInput(reason=reason))
    step.record_transition(escalation.resolved(step.audit, who, context.now, reason), "resolve_escalation", reason)
    step.tell("escalation_resolved")
    return step.commit()


@retry_on_conflict
def raise_escalation(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    reason = read_text("reason", reason)
    step, _ = _begin(context, who, reference, "raise", MoveInput(reason=reason))
    open_escalation(step, "raise", reason)
    return step.commit()


def _begin(context: CommandContext, who: Person, reference: str, name: str, given: MoveInput) -> tuple[UnitOfWork, str]:
    audit, ties = get_visible_audit(context, who, reference)
    track = context.rules.escalation
    move = track.moves[name]
    check_permitted(context, who, audit, ties, move)
    to = check_preconditions(track, audit.escalation_state, move, situation(context, who, audit, given))
    return UnitOfWork(context, who, audit, audit), to
