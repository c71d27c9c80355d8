"""Who answers for the posts of an escalation, and who is told where that changes (rules, section 3)."""

from collections.abc import Iterator
from datetime import datetime

from workflow.blindness import directory_about
from workflow.directory import Directory
from workflow.events import QA_INBOX, Notice
from workflow.models import Audit, Escalation, Recipient
from workflow.ports import NotificationPolicy

HANDED_OVER = "post/"
"""How the keys of these notices begin."""
UNRESOLVED = ("open", "acknowledged")


def answering(post: str, team: str | None, directory: Directory) -> frozenset[int]:
    """The ids of everybody who may act for a post now: its holders, its deputies while it is vacant, else the next post up."""
    holder = directory.holder(post, team)
    own = directory.in_post(post, team) or directory.deputies(post, team)
    return frozenset({person.id for person in own} | ({holder.person.id} if holder else set()))


def changes_hands(team: str | None, child_id: str | None, before: Directory, after: Directory) -> bool:
    was, now = before.for_child(child_id), after.for_child(child_id)
    return any(answering(post, team, was) != answering(post, team, now) for post in now.posts)


def new_holder_notices(audit: Audit, before: Directory, after: Directory, at: datetime, policy: NotificationPolicy) -> tuple[Notice, ...]:
    """Where the directory changes."""
    return notices_between(audit, directory_about(audit, before), directory_about(audit, after), at, policy)


def notices_between(audit: Audit, was: Directory, now: Directory, at: datetime, policy: NotificationPolicy) -> tuple[Notice, ...]:
    """To each person who answers for a post since `at` and did not before, with the time that is left; to the QA inbox where it fell vacant."""
    opening, team = audit.escalation, audit.header.team
    if opening is None or opening.state not in UNRESOLVED:
        return ()
    found: dict[int, Notice] = {}
    # Those who must acknowledge last, because one person is told once, of the most urgent.
    for recipient in sorted(opening.recipients, key=lambda one: one.acknowledged_at is None):
        for person_id in _comes_to_answer(recipient, team, was, now):
            found[person_id] = _notice(audit, opening, recipient, person_id, at, policy)
    if any(_is_vacated(recipient.post, team, was, now) for recipient in opening.recipients):
        found[QA_INBOX] = Notice(_key(audit, opening, at), "post_found_vacant", QA_INBOX, audit.reference)
    return tuple(found.values())


def _comes_to_answer(recipient: Recipient, team: str | None, was: Directory, now: Directory) -> frozenset[int]:
    """Anybody who did not answer for it before; and its first holder, unless the opening named them: it was told to no other holder."""
    new = answering(recipient.post, team, now) - answering(recipient.post, team, was)
    return new | (_first(recipient.post, team, now) - _first(recipient.post, team, was) - {recipient.person_id})


def _first(post: str, team: str | None, directory: Directory) -> frozenset[int]:
    holder = directory.holder(post, team)
    return frozenset({holder.person.id} if holder else ())


def answering_now(notices: tuple[Notice, ...], audit: Audit, directory: Directory) -> Iterator[Notice]:
    """Those of the notices whose recipient still answers for a post; what is told to the QA inbox stays."""
    about = directory_about(audit, directory)
    people = {QA_INBOX}.union(*(answering(post, audit.header.team, about) for post in about.posts))
    return (notice for notice in notices if notice.recipient in people)


def _notice(audit: Audit, opening: Escalation, recipient: Recipient, person_id: int, at: datetime, policy: NotificationPolicy) -> Notice:
    must_acknowledge = opening.state == "open" and recipient.acknowledged_at is None
    due_on = policy.escalation_due_on(opening, recipient.post)
    event = "escalation_opened" if must_acknowledge else "escalation_handed_over"
    return Notice(_key(audit, opening, at), event, person_id, audit.reference, due_on=due_on)


def _is_vacated(post: str, team: str | None, was: Directory, now: Directory) -> bool:
    return _stands_alone(post, team, was) and not _stands_alone(post, team, now)


def _stands_alone(post: str, team: str | None, directory: Directory) -> bool:
    """Whether somebody holds it themselves."""
    holder = directory.holder(post, team)
    return holder is not None and not holder.stands_in


def _key(audit: Audit, opening: Escalation, at: datetime) -> str:
    """The same however the change is found: by the command that makes it, or by the worker afterwards."""
    return f"{HANDED_OVER}{audit.reference}/{opening.number}/{at.isoformat()}"
