"""The escalation: a track beside the state, opened in the same commit as the move that makes a grade Inadequate."""

from dataclasses import replace
from datetime import datetime

from workflow.blindness import directory_about
from workflow.directory import Directory, Person
from workflow.models import INADEQUATE, Audit, Escalation, Recipient
from workflow.permissions import answers_for


def is_called_for(before: Audit, after: Audit, source: str) -> bool:
    """Whether the move `source` made the overall grade Inadequate: sharing that grade, or moderating a better one down to it."""
    return after.overall_grade == INADEQUATE and (source == "share" or before.overall_grade != INADEQUATE)


def next_number(audit: Audit) -> int:
    return audit.escalation.number + 1 if audit.escalation else 1


def recipients_of(posts: tuple[str, ...], team: str | None, directory: Directory) -> tuple[Recipient, ...]:
    """The people who answer for each post today. A guard has checked that somebody does."""
    holders = [directory.holder(post, team) for post in posts]
    return tuple(Recipient(held.post, held.person.id, held.stands_in) for held in holders if held)


def opened(audit: Audit, opening: Escalation) -> Audit:
    """Those that it names keep sight of the audit."""
    return replace(audit, escalation=opening, escalated_to=audit.escalated_to | people_named(opening))


def people_named(opening: Escalation) -> frozenset[int]:
    """And who acknowledged."""
    people = (person_id for one in opening.recipients for person_id in (one.person_id, one.acknowledged_by))
    return frozenset(person_id for person_id in people if person_id is not None)


def acknowledged(audit: Audit, who: Person, at: datetime, directory: Directory, *, by_link: bool = False) -> Audit:
    """Acknowledge for every post that this person answers for, as its holder or standing in; the state follows once all have."""
    escalation, directory = _of(audit), directory_about(audit, directory)
    team = audit.header.team

    def acknowledge(one: Recipient) -> Recipient:
        stands_in = who not in directory.in_post(one.post, team)
        return replace(one, acknowledged_by=who.id, acknowledged_at=at, by_link=by_link, acknowledged_stands_in=stands_in)

    recipients = tuple(
        acknowledge(one) if one.acknowledged_at is None and answers_for(who, one.post, team, directory) else one
        for one in escalation.recipients
    )
    return replace(audit, escalation=replace(escalation, recipients=recipients), escalated_to=audit.escalated_to | {who.id})


def in_state(audit: Audit, state: str) -> Audit:
    return replace(audit, escalation=replace(_of(audit), state=state))


def planned(audit: Audit, state: str, who: Person, at: datetime, plan: str) -> Audit:
    return replace(audit, escalation=replace(_of(audit), state=state, plan=plan, plan_by=who.id, plan_at=at))


def resolved(audit: Audit, state: str, who: Person, at: datetime, reason: str) -> Audit:
    return replace(audit, escalation=replace(_of(audit), state=state, resolution=reason, resolved_by=who.id, resolved_at=at))


def _of(audit: Audit) -> Escalation:
    assert audit.escalation is not None, "asked only where there is an escalation"
    return audit.escalation
