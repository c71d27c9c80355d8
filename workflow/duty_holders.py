"""Who answers for each duty on an audit now: its moves, reminders, My work and the QA Service all ask here.

A duty is what an audit names one person for (auditor, the people of the case, moderator, owner of an action), or a post of its
escalation. While the person named can’t carry it out, it falls to the next in line (`falls_to` and `next_up` of workflow.toml).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from workflow.blindness import directory_about
from workflow.directory import Directory, Person
from workflow.models import Audit
from workflow.roles import CASE_ROLES, NAMED_ROLES

NOT_NAMED, LEFT, NO_ROLE, CONNECTED, NO_ADDRESS = "not_named", "left", "no_role", "connected", "no_address"
"""Why the person named can’t carry it out. That somebody is connected to a child is private: say only that they can’t."""
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class DutyHolder:
    """`named` is the person that the audit names; `answers` are all who answer for it now: they, who acts for them, or the next in line."""

    duty: str
    named: Person | None
    why_not: str
    """Why the person named can’t carry it out, or ""."""
    answers: tuple[Person, ...]
    fell_to: str = ""
    """The duty or post that it fell to, or "" where the person named, or somebody acting for them, carries it out."""
    action: int | None = None

    @property
    def is_held(self) -> bool:
        return not self.why_not


def holder_of(duty: str, audit: Audit, directory: Directory, action: int | None = None) -> DutyHolder:
    """`action` is the number of the action that the owner’s duty is about."""
    view = directory_about(audit, directory)
    if duty in view.posts:
        return _holder_of_post(duty, audit, view)
    named = view.person(_named_id(duty, audit, action))
    why_not = why_not_able(named, duty, audit, view)
    acting = _acting(named, duty, audit, view)
    answers = ((named,) if named and not why_not else ()) + acting
    if answers:
        return DutyHolder(duty, named, why_not, answers, action=action)
    fell_to, stand_ins = _next_in_line(duty, audit, view)
    return DutyHolder(duty, named, why_not, stand_ins, fell_to, action)


def duties_of(audit: Audit, directory: Directory) -> tuple[DutyHolder, ...]:
    """Every duty that is still to be carried out, or could be: none of an audit that was closed or withdrawn."""
    return tuple(holder_of(duty, audit, directory, action) for duty, action in _still_owed(audit))


def why_not_able(person: Person | None, duty: str, audit: Audit, directory: Directory) -> str:
    """Why a person can’t carry out a duty of this audit, or ""."""
    if person is None:
        return NOT_NAMED
    if not person.is_active:
        return LEFT
    if directory.is_connected(person.id, audit.header.child_id):
        return CONNECTED
    if not _may_hold(person, duty):
        return NO_ROLE
    return "" if person.can_be_reached else NO_ADDRESS


def stands_in_for(person: Person, audit: Audit, directory: Directory) -> Iterator[str]:
    """The duties of this audit that have fallen to this person."""
    for duty, action in _still_owed(audit):
        if duty not in directory.posts:
            holder = holder_of(duty, audit, directory, action)
            if holder.fell_to and person in holder.answers:
                yield duty


def acts_in_place_of(person: Person, role: str, audit: Audit, directory: Directory) -> bool:
    """Whether the audit names this person in a role of the case, or somebody who passed the role on to them for now."""
    named_id = _named_id(role, audit, None)
    return named_id == person.id or (named_id in directory.acts_for(person.id, role) and person.id not in _apart(audit))


def _holder_of_post(post: str, audit: Audit, directory: Directory) -> DutyHolder:
    """`named` is its holder today: an escalation goes with the post."""
    held, holder = directory.in_post(post, audit.header.team), directory.holder(post, audit.header.team)
    stands_in = holder is not None and holder.stands_in
    answers = (holder.person,) if holder and stands_in else tuple(person for person in held if person.can_be_reached)
    why_not = "" if answers and not stands_in else NO_ADDRESS if held else NOT_NAMED
    return DutyHolder(post, held[0] if held else None, why_not, answers, post if stands_in else "")


def _still_owed(audit: Audit) -> Iterator[tuple[str, int | None]]:
    if audit.is_before_sharing:
        yield "auditor", None
    if audit.state == "shared" and audit.moderator_id is not None:
        yield "moderator", None
    if audit.was_shared and audit.state not in {"actions_closed", "withdrawn"}:
        yield from ((role, None) for role in CASE_ROLES if getattr(audit.header, f"{role}_id") is not None)
        yield from ((OWNER, action.number) for action in audit.actions if action.is_live and action.state in {"open", "reported"})
    if audit.escalation and audit.escalation.state in {"open", "acknowledged"} and audit.state != "withdrawn":
        yield from ((recipient.post, None) for recipient in audit.escalation.recipients)


def _named_id(duty: str, audit: Audit, action: int | None) -> int | None:
    if duty == OWNER:
        owned = audit.action(action) if action is not None else None
        return owned.owner_id if owned else None
    found: int | None = getattr(audit.header if duty in CASE_ROLES else audit, f"{duty}_id")
    return found


def _may_hold(person: Person, duty: str) -> bool:
    """Administrators and governance own no action and are none of the people of a case (rules, section 2)."""
    if duty == OWNER or duty in CASE_ROLES:
        return person.works_with_cases and (duty == OWNER or duty in person.roles)
    return duty in person.roles


def _acting(named: Person | None, duty: str, audit: Audit, directory: Directory) -> tuple[Person, ...]:
    """Who was handed the role for a time by the person named."""
    given = directory.delegates.get((named.id, duty), frozenset()) if named else frozenset()
    people = (directory.people[person_id] for person_id in sorted(given))
    return tuple(person for person in people if person.id not in _apart(audit) and not why_not_able(person, duty, audit, directory))


def _next_in_line(duty: str, audit: Audit, directory: Directory) -> tuple[str, tuple[Person, ...]]:
    for other in directory.next_up.get(duty, ()):
        if people := _holding(other, audit, directory):
            return other, people
    return "", ()


def _holding(other: str, audit: Audit, directory: Directory) -> tuple[Person, ...]:
    if other not in NAMED_ROLES:
        people = directory.in_post(other, audit.header.team)
        return tuple(person for person in people if person.can_be_reached and person.id not in _apart(audit))
    named = directory.person(_named_id(other, audit, None))
    own = (named,) if named and not why_not_able(named, other, audit, directory) else ()
    return own + _acting(named, other, audit, directory)


def _apart(audit: Audit) -> frozenset[int | None]:
    """They stand in for nobody of the case: the auditor and the moderator are none of its people (rules, section 5)."""
    return frozenset({audit.auditor_id, audit.moderator_id})
