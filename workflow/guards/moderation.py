"""Guards of moderation and of withdrawal, where two people are needed."""

from collections.abc import Collection, Iterator, Mapping

from workflow.directory import Person
from workflow.errors import Missing
from workflow.guards.audits import posts_are_filled
from workflow.guards.context import Guard, GuardContext
from workflow.models import INADEQUATE, Audit
from workflow.roles import CASE_ROLES


def conflicts_of(person: Person, audit: Audit, titles: Mapping[str, str], writers: Collection[int]) -> Iterator[Missing]:
    """Why this person can’t moderate this audit (rules, section 1); `writers` are those of its whole history."""
    if person.id in {audit.auditor_id, *writers}:
        yield Missing("moderation", "moderator", "Somebody who is or was its auditor, or wrote any of it, can’t moderate the audit.")
    for role in CASE_ROLES:
        if person.id in {audit.answer("details", role), getattr(audit.header, f"{role}_id")}:
            yield Missing("moderation", "moderator", f"The {titles[role]} of the case can’t moderate the audit.")


def moderator_is_independent(s: GuardContext) -> Iterator[Missing]:
    yield from conflicts_of(s.who, s.audit, s.titles, s.writers())


def moderation_is_recorded(s: GuardContext) -> Iterator[Missing]:
    words = {
        "grade": "Give your own judgement.",
        "evidence": "Write the Evidence for your judgement.",
        "impact": "Write the Impact for your judgement.",
    }
    for field, message in words.items():
        if not s.answer("moderation", field):
            yield Missing("moderation", field, message)


def difference_is_explained(s: GuardContext) -> Iterator[Missing]:
    """Asked once the judgement is complete: before that, it would say what the auditor’s grade is not."""
    grade = s.answer("moderation", "grade") if not any(moderation_is_recorded(s)) else None
    if grade and grade != s.audit.overall_grade and not s.answer("moderation", "difference_reason"):
        yield Missing("moderation", "difference_reason", "Say why your grade differs from the auditor’s.")


def moderated_escalation_can_be_reached(s: GuardContext) -> Iterator[Missing]:
    if s.answer("moderation", "grade") == INADEQUATE:
        yield from posts_are_filled(s)


def audit_was_not_picked(s: GuardContext) -> Iterator[Missing]:
    if s.audit.moderation_reason:
        yield Missing("moderation", "moderator", f"This audit must be moderated: {s.audit.moderation_reason}.")


def no_judgement_is_saved(s: GuardContext) -> Iterator[Missing]:
    """Not even by a moderator before the present one: what they found is not set aside."""
    if s.audit.judged_by is not None or s.answer("moderation", "grade"):
        yield Missing("moderation", "moderator", "A moderator has saved a judgement, so the audit is moderated.")


def waiver_is_independent(s: GuardContext) -> Iterator[Missing]:
    """The same people who can’t moderate can’t waive moderation."""
    if any(conflicts_of(s.who, s.audit, s.titles, s.writers())):
        sentence = "You wrote part of the audit or are named in it, so somebody else decides whether it is moderated."
        yield Missing("moderation", "moderator", sentence)


def escalation_is_settled(s: GuardContext) -> Iterator[Missing]:
    if s.audit.escalation_state not in {"none", "resolved"}:
        yield Missing("escalation", "state", "The escalation is not resolved yet.")


def withdrawal_is_not_asked_yet(s: GuardContext) -> Iterator[Missing]:
    if s.audit.withdrawal_asked_by is not None:
        yield Missing("", "move", "The withdrawal is asked for already, and waits for another person to agree.")


def withdrawal_was_asked_by_another(s: GuardContext) -> Iterator[Missing]:
    if s.audit.withdrawal_asked_by is None:
        yield Missing("", "move", "The auditor or the QA Service asks for the withdrawal first.")
    elif s.audit.withdrawal_asked_by == s.who.id:
        yield Missing("", "move", "You asked for the withdrawal, so somebody else agrees to it.")


GUARDS: tuple[Guard, ...] = (
    moderator_is_independent, moderation_is_recorded, difference_is_explained, moderated_escalation_can_be_reached,
    audit_was_not_picked, no_judgement_is_saved, waiver_is_independent, escalation_is_settled, withdrawal_is_not_asked_yet, withdrawal_was_asked_by_another,
)  # fmt: skip
