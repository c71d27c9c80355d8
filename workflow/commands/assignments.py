"""What the QA Service arranges: who audits, who moderates."""

from dataclasses import replace

from workflow.audit import with_section
from workflow.blindness import directory_about
from workflow.commands.available_moves import make_guard_context
from workflow.commands.context import CommandContext, UnitOfWork, get_visible_audit, retry_on_conflict
from workflow.commands.directory.handover import ensure_may_be_given
from workflow.commands.drafting import find_auditor
from workflow.directory import Person
from workflow.errors import BadInput, Missing, PermissionDenied, PreconditionsNotMet
from workflow.guards.audits import auditor_is_independent
from workflow.guards.moderation import conflicts_of
from workflow.models import Audit
from workflow.retelling import writers_of

DECLARATION = ("declaration", "no_conflict")


@retry_on_conflict
def allocate(context: CommandContext, who: Person, reference: str, auditor: object) -> Audit:
    """Give an audit that is not yet shared to another auditor, by email, whole: they make the declaration again.

    Raises PreconditionsNotMet for the people of the case.
    """
    audit, ties = get_visible_audit(context, who, reference)
    if not context.permissions.allow("allocate", audit, ties):
        raise PermissionDenied("You can’t allocate this audit now.")
    person = find_auditor(context, auditor)
    ensure_may_be_given(context.directory, person, audit.header.child_id, "auditor")
    # The people of the case must not read a draft about it, however they come to be its auditor.
    if conflicts := tuple(auditor_is_independent(make_guard_context(context, who, replace(audit, auditor_id=person.id)))):
        raise PreconditionsNotMet(conflicts)
    work = UnitOfWork(context, who, audit, audit)
    after = replace(audit, auditor_id=person.id, share_by=context.notification_policy.share_by(context.today))
    declared = audit.answer(*DECLARATION) if person.id != audit.auditor_id else None
    if declared is not None:
        # Nobody declares for somebody else: the history keeps what the auditor before had declared.
        after = with_section(after, DECLARATION[0], {})
    facts = {"auditor": person.id} if declared is None else {"auditor": person.id, "declared_before": declared, "by": audit.auditor_id}
    work.record_transition(after, "allocate", facts=facts)
    work.notify("audit_allocated")
    return work.commit()


@retry_on_conflict
def assign_moderator(context: CommandContext, who: Person, reference: str, moderator: object) -> Audit:
    """Raises PreconditionsNotMet for the auditor and for the people of the case (rules, section 5)."""
    audit, ties = get_visible_audit(context, who, reference)
    if not context.permissions.allow("assign_moderator", audit, ties):
        raise PermissionDenied("You can’t assign a moderator to this audit now.")
    person = context.directory.by_email(moderator) if isinstance(moderator, str) else None
    if person is None or not person.is_active or "moderator" not in person.roles:
        raise BadInput.about("person", "There is no active moderator with that email address.")
    ensure_may_be_given(context.directory, person, audit.header.child_id, "person")
    if conflicts := tuple(conflicts_of(person, audit, context.permissions.titles, writers_of(context.store.history(audit)))):
        raise PreconditionsNotMet(conflicts)
    work = UnitOfWork(context, who, audit, audit)
    after = replace(audit, moderator_id=person.id)
    _ensure_posts_are_answered_for(context, audit, after)
    if audit.moderator_id not in {None, person.id}:
        after = replace(after, sections={**after.sections, "moderation": {}})
    work.record_transition(after, "assign_moderator", facts={"moderator": person.id})
    work.notify("moderator_assigned")
    return work.commit()


def _ensure_posts_are_answered_for(context: CommandContext, before: Audit, after: Audit) -> None:
    """Whatever the grade: an escalation must reach somebody while its moderator judges blind. Raise PreconditionsNotMet."""
    was, now = directory_about(before, context.directory), directory_about(after, context.directory)
    titles, team = context.permissions.titles, after.header.team
    lost = [post for post in context.rules.escalation_recipients if was.holder(post, team) and not now.holder(post, team)]
    if lost:
        sentence = f"Only they could answer for an escalation as {titles[lost[0]]}: choose somebody else."
        raise PreconditionsNotMet((Missing("moderation", "moderator", sentence),))
