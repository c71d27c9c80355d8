"""A moderator judges blind: until their own judgement is complete, nothing but being the moderator shows them anything of the audit.

They hold no post on it meanwhile, so that what gives the overall grade away goes to their deputy or the next in line.
"""

from workflow.directory import Directory, Person
from workflow.models import Audit, Moderation

KEPT = frozenset({"moderator", "owner"})
"""The relations that give nothing away: the owner of an action goes on with it."""


def judges_blind(person_id: int, of: Moderation) -> bool:
    """Whether this person is the moderator and has still to judge (rules, section 5)."""
    return of.moderator_id == person_id and of.judged_by != person_id and of.moderated_at is None


def is_blind(person: Person, of: Moderation) -> bool:
    return "moderator" in person.roles and judges_blind(person.id, of)


def directory_about(audit: Audit, directory: Directory) -> Directory:
    """As it counts for one audit: posts held by somebody connected to the child, or by its moderator who judges blind, count as vacant."""
    return without_judge(audit, directory.for_child(audit.header.child_id))


def without_judge(of: Moderation, directory: Directory) -> Directory:
    judge = directory.person(of.moderator_id)
    return directory.without(frozenset({judge.id})) if judge and is_blind(judge, of) else directory
