"""What a person may know of, and read, as SQL: the same as `permissions.relations` with [know] and [read_audit].

A list can't load every audit to ask. A test holds the two ways of saying it against each other, person by person.
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true, union_all

from workflow.people import Directory, Person
from workflow.permissions import CASE_ROLES, OF_THE_TEAM, WHOLE_COUNCIL, Permissions, verifiers
from workflow.storage.tables import actions, audits

Condition = ColumnElement[bool]
IS_SHARED: Condition = audits.c.shared_at.is_not(None)
IS_MODERATED: Condition = audits.c.moderated_at.is_not(None)
IS_ESCALATED: Condition = audits.c.escalation_state != "none"
STAGES: dict[str, Condition] = {
    "always": true(),
    "once_shared": IS_SHARED,
    "once_moderated": IS_MODERATED,
    "once_escalated": IS_ESCALATED,
    "moderated_and_escalated": and_(IS_ESCALATED, IS_MODERATED),
}


def permitted(right: str, person: Person, directory: Directory, permissions: Permissions) -> Condition:
    """The audits on which this person has a right whose stages are all told by the audit's own row."""
    stages = permissions.table[right]
    ties = _ties(person, directory)
    return or_(false(), *(and_(ties[relation], STAGES[stage]) for relation, stage in stages.items() if relation in ties))


def among(person: Person) -> Condition:
    """For who has no post: the few audits that name them, each relation read by its own index. It narrows, and permits nothing.

    Without it a list would be read from its newest audit on until fifty of theirs are found.
    """
    named = (*CASE_ROLES, "auditor", "moderator")
    if any(duty.role not in named for duty in person.duties):
        return true()
    own = (select(audits.c.id).where(audits.c[f"{role}_id"] == person.id) for role in named)
    return audits.c.id.in_(union_all(*own, select(actions.c.audit_id).where(actions.c.owner_id == person.id)))


def _ties(person: Person, directory: Directory) -> dict[str, Condition]:
    """Relation -> the audits to which this person stands in it; a relation that is impossible for them is left out."""
    roles = person.roles if person.is_active else frozenset[str]()
    ties: dict[str, Condition] = {role: audits.c[f"{role}_id"] == person.id for role in CASE_ROLES if role in roles}
    ties |= {role: audits.c[f"{role}_id"] == person.id for role in ("auditor", "moderator") if role in roles}
    ties |= {role: true() for role in WHOLE_COUNCIL if role in roles}
    if not person.is_active:
        return ties
    for post in OF_THE_TEAM:
        ties[post] = _of_teams(team for team in directory.teams if directory.is_in_post(person, post, team))
    ties["recipient"] = and_(IS_ESCALATED, _of_teams(team for team in directory.teams if _answers_for_any(person, team, directory)))
    ties["owner"] = exists(
        select(actions.c.number).where(actions.c.audit_id == audits.c.id, actions.c.owner_id == person.id, actions.c.is_live)
    )
    ties["last_resort"] = and_(ties["director"], *(_is_bound_up(verifier) for verifier in verifiers(directory)))
    if "hos_ppqa" in roles:
        ties["approver"] = audits.c.withdrawal_asked_by.is_not(None)
    return ties


def _is_bound_up(person_id: int) -> Condition:
    own = or_(actions.c.owner_id == person_id, actions.c.reported_by == person_id)
    return exists(select(actions.c.number).where(actions.c.audit_id == audits.c.id, own))


def _of_teams(teams: Iterable[str]) -> Condition:
    codes = list(teams)
    return audits.c.team.in_(codes) if codes else false()


def _answers_for_any(person: Person, team: str, directory: Directory) -> bool:
    """Recipients are whoever answers for one of the three posts today."""
    return any(_answers_for(person, post, team, directory) for post in ("head_of_service", "director", "hos_ppqa"))


def _answers_for(person: Person, post: str, team: str, directory: Directory) -> bool:
    holder = directory.holder(post, team)
    return directory.is_in_post(person, post, team) or (holder is not None and holder.person.id == person.id)
