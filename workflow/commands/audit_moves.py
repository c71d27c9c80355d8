"""The moves of an audit (rules, section 1): each one function, and one commit."""

from dataclasses import replace

from workflow import audit as audit_changes
from workflow import escalation, smart_action
from workflow.commands.actions import NewAction, further_actions
from workflow.commands.available_moves import check_permitted, check_preconditions, is_request_only, situation
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.commands.snapshots import sealed_judgement, sealed_sections
from workflow.directory import Person
from workflow.guards.context import MoveInput
from workflow.models import Audit
from workflow.validation import read_text


@retry_on_conflict
def record_consultation(context: CommandContext, who: Person, reference: str) -> Audit:
    return _plain(context, who, reference, "record_consultation")


@retry_on_conflict
def grade(context: CommandContext, who: Person, reference: str) -> Audit:
    return _plain(context, who, reference, "grade")


@retry_on_conflict
def revise(context: CommandContext, who: Person, reference: str) -> Audit:
    return _plain(context, who, reference, "revise")


@retry_on_conflict
def share(context: CommandContext, who: Person, reference: str) -> Audit:
    """Seal what is shared, tell the people of the case, and escalate where the final judgement is Inadequate."""
    step = _begin(context, who, reference, "share")
    before, overall = step.audit, context.form_of(step.audit).overall.key
    after = audit_changes.shared(before, overall, context.now, context.today)
    picked = context.notification_policy.moderation_reason(after, after.overall_grade)
    after = replace(after, moderation_reason=picked, re_audit_prompt_on=context.notification_policy.re_audit_prompt_on(after))
    sealed = step.seal(audit_changes.SHARED_PART, sealed_sections(context, after))
    step.record_transition(after, "share", facts={"edition": after.edition, "sealed": sealed})
    step.tell("audit_shared")
    _tell_owners(step, before)
    _escalate_where_called_for(step, before, "share")
    return step.commit()


@retry_on_conflict
def moderate(context: CommandContext, who: Person, reference: str) -> Audit:
    """The moderator’s judgement becomes the overall grade; a grade lowered to Inadequate escalates."""
    step = _begin(context, who, reference, "moderate")
    before = step.audit
    after = audit_changes.moderated(before, str(before.answer("moderation", "grade")), context.now, context.today)
    after = replace(after, re_audit_prompt_on=context.notification_policy.re_audit_prompt_on(after))
    sealed = step.seal(audit_changes.MODERATED_PART, sealed_judgement(context, after))
    step.record_transition(after, "moderate", facts={"edition": after.edition, "sealed": sealed})
    step.tell("audit_moderated", grade_changed=before.overall_grade != after.overall_grade)
    _tell_owners(step, before)
    _escalate_where_called_for(step, before, "moderate")
    return step.commit()


@retry_on_conflict
def waive_moderation(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    reason = read_text("reason", reason)
    step = _begin(context, who, reference, "waive_moderation", MoveInput(reason=reason))
    before = step.audit
    step.record_transition(audit_changes.moderated(before, None, context.now, context.today), "waive_moderation", reason)
    step.tell("moderation_waived")
    _tell_owners(step, before)
    return step.commit()


@retry_on_conflict
def close_actions(context: CommandContext, who: Person, reference: str) -> Audit:
    step = _begin(context, who, reference, "close_actions")
    step.record_transition(replace(step.audit, state="actions_closed"), "close_actions")
    step.tell("audit_closed")
    return step.commit()


@retry_on_conflict
def reopen(context: CommandContext, who: Person, reference: str, reason: str, new_actions: tuple[NewAction, ...]) -> Audit:
    reason = read_text("reason", reason)
    audit, _ = get_visible_audit(context, who, reference)
    given = MoveInput(reason=reason, new_actions=further_actions(context, who, audit, new_actions))
    step = _begin(context, who, reference, "reopen", given)
    before, after = step.audit, replace(step.audit, state="moderated")
    for action in given.new_actions:
        after = smart_action.added(after, smart_action.goes_live(action, context.today))
    step.record_transition(after, "reopen", reason, {"actions": [action.number for action in given.new_actions]})
    step.tell("audit_reopened")
    _tell_owners(step, before)
    return step.commit()


@retry_on_conflict
def return_for_correction(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    """What was shared stays sealed and readable; the auditor’s correction becomes a new edition."""
    reason = read_text("reason", reason)
    step = _begin(context, who, reference, "return_for_correction", MoveInput(reason=reason))
    after = replace(audit_changes.returned(step.audit), share_by=context.notification_policy.share_by(context.today))
    step.record_transition(after, "return_for_correction", reason)
    step.tell("audit_returned")
    return step.commit()


@retry_on_conflict
def withdraw(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    """The auditor or the QA Service asks, with a reason; another person, the HoS for Practice, Performance and QA, agrees."""
    reason = read_text("reason", reason)
    audit, ties = get_visible_audit(context, who, reference)
    move = context.rules.audit.moves["withdraw"]
    check_permitted(context, who, audit, ties, move)
    asks = is_request_only(move, audit, ties)
    to = check_preconditions(context.rules.audit, audit.state, move, situation(context, who, audit, MoveInput(reason=reason)), asks=asks)
    step = UnitOfWork(context, who, audit, audit)
    if asks:
        step.record_transition(replace(audit, withdrawal_asked_by=who.id), "ask_to_withdraw", reason)
        step.tell(move.tells_when_asked)
    else:
        step.record_transition(audit_changes.withdrawn(audit, to), "withdraw", reason, {"asked_by": audit.withdrawal_asked_by})
        step.tell(move.tells)
    return step.commit()


def _begin(context: CommandContext, who: Person, reference: str, name: str, given: MoveInput | None = None) -> UnitOfWork:
    audit, ties = get_visible_audit(context, who, reference)
    move = context.rules.audit.moves[name]
    check_permitted(context, who, audit, ties, move)
    check_preconditions(context.rules.audit, audit.state, move, situation(context, who, audit, given))
    return UnitOfWork(context, who, audit, audit)


def _plain(context: CommandContext, who: Person, reference: str, name: str) -> Audit:
    step = _begin(context, who, reference, name)
    step.record_transition(replace(step.audit, state=context.rules.audit.moves[name].to), name)
    return step.commit()


def _tell_owners(step: UnitOfWork, before: Audit) -> None:
    for number in audit_changes.newly_live(before, step.audit):
        action = step.audit.action(number)
        step.tell("action_assigned", action=number, due_on=action.due_on if action else None)


def _escalate_where_called_for(step: UnitOfWork, before: Audit, source: str) -> None:
    if escalation.is_called_for(before, step.audit):
        open_escalation(step, source)


def open_escalation(step: UnitOfWork, source: str, reason: str = "") -> None:
    context, header = step.context, step.audit.header
    recipients = escalation.recipients_of(context.rules.escalation_recipients, header.team, context.directory.for_child(header.child_id))
    after = escalation.opened(step.audit, source, step.who, context.now, recipients, reason)
    verb = "raise_escalation" if source == "raise" else "open_escalation"
    step.record_transition(after, verb, reason, {"edition": after.edition, "source": source})
    step.tell("escalation_opened")
    if any(recipient.stands_in for recipient in recipients):
        step.tell("post_found_vacant")
