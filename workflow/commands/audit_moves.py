"""The moves of an audit (rules, section 1): each one function, and one commit."""

from dataclasses import replace

from workflow import audit as audit_changes
from workflow import escalation, smart_action
from workflow.blindness import directory_about
from workflow.commands.actions import NewAction, read_further_actions
from workflow.commands.available_moves import check_permitted, check_preconditions, is_request_only, make_guard_context
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.commands.snapshots import sealed_moderation, sealed_sections
from workflow.directory import Person
from workflow.guards.context import MoveInput
from workflow.models import Audit, Escalation
from workflow.state_machine import leads_to
from workflow.validation import read_text
from workflow.workflow_config import Move, history_verb


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
    """Seal what is shared, notify the people of the case, and escalate where the final judgement is Inadequate."""
    work, move, to = _begin(context, who, reference, "share")
    before, overall = work.audit, context.form_of(work.audit).overall.key
    after = audit_changes.shared(before, to, overall, context.now, context.today)
    picked = context.notification_policy.moderation_reason(after, after.overall_grade, lambda: context.store.shared_before(after))
    after = replace(after, moderation_reason=picked, re_audit_prompt_on=context.notification_policy.re_audit_prompt_on(after))
    sealed = work.seal(audit_changes.SHARED_PART, sealed_sections(context, after))
    work.record_transition(after, "share", facts={"edition": after.edition, "sealed": sealed})
    work.notify(move.tells)
    _tell_owners(work, before)
    _escalate_where_called_for(work, before, "share")
    return work.commit()


@retry_on_conflict
def moderate(context: CommandContext, who: Person, reference: str) -> Audit:
    """The moderator’s judgement becomes the overall grade; a grade lowered to Inadequate escalates."""
    work, move, to = _begin(context, who, reference, "moderate")
    before = work.audit
    after = audit_changes.moderated(before, to, str(before.answer("moderation", "grade")), context.now, context.today)
    after = replace(after, re_audit_prompt_on=context.notification_policy.re_audit_prompt_on(after))
    sealed = work.seal(audit_changes.MODERATED_PART, sealed_moderation(context, after))
    work.record_transition(after, "moderate", facts={"edition": after.edition, "sealed": sealed})
    work.notify(move.tells, grade_changed=before.overall_grade != after.overall_grade)
    _tell_owners(work, before)
    _escalate_where_called_for(work, before, "moderate")
    return work.commit()


@retry_on_conflict
def waive_moderation(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    reason = read_text("reason", reason)
    work, move, to = _begin(context, who, reference, "waive_moderation", MoveInput(reason=reason))
    before = work.audit
    work.record_transition(audit_changes.moderated(before, to, None, context.now, context.today), "waive_moderation", reason)
    work.notify(move.tells)
    _tell_owners(work, before)
    return work.commit()


@retry_on_conflict
def close_actions(context: CommandContext, who: Person, reference: str) -> Audit:
    work, move, to = _begin(context, who, reference, "close_actions")
    work.record_transition(replace(work.audit, state=to), "close_actions")
    work.notify(move.tells)
    return work.commit()


@retry_on_conflict
def reopen(context: CommandContext, who: Person, reference: str, reason: str, new_actions: tuple[NewAction, ...]) -> Audit:
    reason = read_text("reason", reason)
    audit, _ = get_visible_audit(context, who, reference)
    given = MoveInput(reason=reason, new_actions=read_further_actions(context, who, audit, new_actions))
    work, move, to = _begin(context, who, reference, "reopen", given)
    before, after = work.audit, replace(work.audit, state=to)
    for action in given.new_actions:
        after = smart_action.added(after, smart_action.goes_live(action, context.today))
    work.record_transition(after, "reopen", reason, {"actions": [action.number for action in given.new_actions]})
    work.notify(move.tells)
    _tell_owners(work, before)
    return work.commit()


@retry_on_conflict
def return_for_correction(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    """What was shared stays sealed and readable; the auditor’s correction becomes a new edition."""
    reason = read_text("reason", reason)
    work, move, to = _begin(context, who, reference, "return_for_correction", MoveInput(reason=reason))
    after = replace(audit_changes.returned(work.audit, to), share_by=context.notification_policy.share_by(context.today))
    work.record_transition(after, "return_for_correction", reason)
    work.notify(move.tells)
    return work.commit()


@retry_on_conflict
def discard(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    """The auditor alone, while nothing but the header stands; it stays on the record."""
    reason = read_text("reason", reason)
    work, move, to = _begin(context, who, reference, "discard", MoveInput(reason=reason))
    work.record_transition(audit_changes.withdrawn(work.audit, to), "discard", reason)
    work.notify(move.tells)
    return work.commit()


@retry_on_conflict
def withdraw(context: CommandContext, who: Person, reference: str, reason: str) -> Audit:
    """The auditor or the QA Service asks, with a reason; another person, the HoS for Practice, Performance and QA, agrees."""
    reason = read_text("reason", reason)
    audit, ties = get_visible_audit(context, who, reference)
    move = context.rules.audit.moves["withdraw"]
    check_permitted(context, who, audit, ties, move)
    asks = is_request_only(move, audit, ties)
    to = check_preconditions(
        context.rules.audit, audit.state, move, make_guard_context(context, who, audit, MoveInput(reason=reason)), asks=asks
    )
    work = UnitOfWork(context, who, audit, audit)
    if asks:
        work.record_transition(replace(audit, withdrawal_asked_by=who.id), "ask_to_withdraw", reason)
        work.notify(move.tells_when_asked)
    else:
        work.record_transition(audit_changes.withdrawn(audit, to), "withdraw", reason, {"asked_by": audit.withdrawal_asked_by})
        work.notify(move.tells)
    return work.commit()


def _begin(context: CommandContext, who: Person, reference: str, name: str, given: MoveInput | None = None) -> tuple[UnitOfWork, Move, str]:
    """The unit of work, the move, and the state that it leads to."""
    audit, ties = get_visible_audit(context, who, reference)
    move = context.rules.audit.moves[name]
    check_permitted(context, who, audit, ties, move)
    to = check_preconditions(context.rules.audit, audit.state, move, make_guard_context(context, who, audit, given))
    return UnitOfWork(context, who, audit, audit), move, to


def _plain(context: CommandContext, who: Person, reference: str, name: str) -> Audit:
    work, move, to = _begin(context, who, reference, name)
    work.record_transition(replace(work.audit, state=to), name)
    work.notify(move.tells)
    return work.commit()


def _tell_owners(work: UnitOfWork, before: Audit) -> None:
    for number in audit_changes.newly_live(before, work.audit):
        action = work.audit.action(number)
        work.notify("action_assigned", action=number, due_on=action.due_on if action else None)


def _escalate_where_called_for(work: UnitOfWork, before: Audit, source: str) -> None:
    if escalation.is_called_for(before, work.audit, source):
        open_escalation(work, source)


def open_escalation(work: UnitOfWork, source: str, reason: str = "") -> None:
    """A new opening: each recipient acknowledges again. An earlier one stays on the record; its duties pass to this one."""
    context, audit, track = work.context, work.audit, work.context.rules.escalation
    move = track.moves["raise" if source == "raise" else "open"]
    to = leads_to(track, audit.escalation_state, move.name)
    directory = directory_about(audit, context.directory)
    recipients = escalation.recipients_of(context.rules.escalation_recipients, audit.header.team, directory)
    opening = Escalation(escalation.next_number(audit), audit.edition, source, to, work.who.id, context.now, recipients, reason)
    after = escalation.opened(audit, opening)
    work.record_transition(after, history_verb("escalation", move.name), reason, {"edition": after.edition, "source": source})
    work.notify(move.tells)
    if any(recipient.stands_in for recipient in recipients):
        work.notify("post_found_vacant")
