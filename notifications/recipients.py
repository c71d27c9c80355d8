"""Who is notified of an event: `config/notifications.toml`, resolved to people. A person with two roles is notified once."""

import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from notifications.policy import Deadlines, ModerationSelection
from workflow.approvers import POST, approvers
from workflow.blindness import KEPT, without_judge
from workflow.directory import Directory, Person
from workflow.duty_holders import NO_ADDRESS, OWNER, holder_of
from workflow.errors import ConfigurationError
from workflow.events import QA_INBOX, Event, Notice
from workflow.models import Audit, Escalation
from workflow.roles import COUNCIL_WIDE, NAMED_ROLES, ROLES, SCOPED

POSTS = (*SCOPED, *COUNCIL_WIDE)
KNOW = "know"
RELATIONS = {*ROLES, "owner", "qa_inbox", "escalation", "escalation_named", "recipient", "next_up", "approver"}


@dataclass(frozen=True, slots=True)
class NotificationRules:
    """The table of events; implements the port `NotificationPolicy`."""

    events: Mapping[str, Mapping[str, Any]]
    clocks: Deadlines
    selection: ModerationSelection

    def notices(self, event: Event, audit: Audit, directory: Directory) -> tuple[Notice, ...]:
        """A person connected to the child is not notified; a notice to their post goes to their deputy."""
        about = directory.for_child(audit.header.child_id)
        recipients = dict.fromkeys(self._recipients(event, audit, without_judge(audit, about), about.excluded))
        return tuple(Notice(event.key, event.name, person, event.reference, event.action, event.due_on) for person in recipients)

    def reachable(self, event: Event, audit: Audit, directory: Directory) -> tuple[Notice, ...]:
        """Like `notices`, but if nobody active with an address is left, the QA inbox is notified."""
        found = [
            one
            for one in self.notices(event, audit, directory)
            if one.recipient == QA_INBOX or _can_be_reached(directory.person(one.recipient))
        ]
        return tuple(found) or (Notice(event.key, event.name, QA_INBOX, event.reference, event.action, event.due_on),)

    @property
    def gathered(self) -> frozenset[str]:
        return frozenset(name for name, event in self.events.items() if event.get("gathered"))

    @property
    def urgent(self) -> frozenset[str]:
        return frozenset(name for name, event in self.events.items() if event.get("urgent"))

    @property
    def of_moderators_and_owners(self) -> frozenset[str]:
        """All that a moderator who judges blind is notified of: it gives nothing away."""
        return frozenset(name for name, event in self.events.items() if not KEPT.isdisjoint(event["told"]))

    @property
    def needed_rights(self) -> Mapping[str, tuple[str, ...]]:
        """For each event that needs more than to know of the audit: one of these rights."""
        return {name: tuple(event["needs"]) for name, event in self.events.items() if "needs" in event}

    def share_by(self, day: date) -> date:
        return self.clocks.share_by(day)

    def re_audit_prompt_on(self, audit: Audit) -> date | None:
        return self.clocks.re_audit_prompt_on(audit)

    def escalation_due_on(self, escalation: Escalation, post: str) -> date | None:
        return self.clocks.escalation_due_on(escalation, post)

    def emergency_ends_at(self, at: datetime) -> datetime:
        return self.clocks.emergency_ends_at(at)

    def moderation_reason(self, audit: Audit, grade: str | None, shared_before: Callable[[], int]) -> str:
        return self.selection.moderation_reason(audit, grade, shared_before)

    def _recipients(self, event: Event, audit: Audit, directory: Directory, connected: Collection[int]) -> Iterator[int]:
        """A moderator who judges blind holds no post, and is notified as the moderator or the owner of an action."""
        for relation in self._relations(event, audit):
            apart = connected if relation in KEPT else directory.excluded
            yield from (person for person in _people(relation, event, audit, directory) if person not in apart)

    def _relations(self, event: Event, audit: Audit) -> tuple[str, ...]:
        table = self.events[event.name]
        relations = table["told_where_escalated"] if audit.was_escalated and "told_where_escalated" in table else table["told"]
        relations = [*relations, *(table.get("told_where_the_grade_changed", ()) if event.grade_changed else ())]
        return (*relations, *(table.get("told_where_shared", ()) if audit.was_shared else ()))


def load_notification_rules(path: Path) -> NotificationRules:
    """Raise ConfigurationError for a file that can’t be read; `configuration_checks` finds the faults in what was read."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return NotificationRules(table["event"], Deadlines(table["clocks"]), ModerationSelection(**table["moderation_selection"]))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path.name} can’t be read: {error}.") from error


def _people(relation: str, event: Event, audit: Audit, directory: Directory) -> Iterable[int]:
    """Ids of the people to notify, QA_INBOX among them."""
    if relation == "qa_inbox":
        return (QA_INBOX,)
    if relation in {*NAMED_ROLES, OWNER}:
        return answering(relation, audit, directory, event.action)
    if relation in POSTS:
        return _in_post(relation, audit, directory)
    if relation == "escalation_named":
        return _named_in_escalation(audit, directory)
    if relation == "approver":
        return _who_can_agree(audit, directory)
    return _of_escalation(audit, directory) if relation == "escalation" else event.recipients


def answering(duty: str, audit: Audit, directory: Directory, action: int | None = None) -> tuple[int, ...]:
    """Ids of the people who answer for a duty now; QA_INBOX where it fell to the QA Service, or to nobody. Empty where nobody is named.

    A person without an email address has the notice in the service, so they stay among them.
    """
    holder = holder_of(duty, audit, directory, action)
    if holder.named is None:
        return ()
    named = (holder.named.id,) if holder.why_not == NO_ADDRESS else ()
    return named + (tuple(person.id for person in holder.answers) if holder.answers and holder.fell_to != "qa" else (QA_INBOX,))


def _of_escalation(audit: Audit, directory: Directory) -> Iterator[int]:
    """The people who answer for its posts now: the person named, while they hold the post."""
    for recipient in audit.escalation.recipients if audit.escalation else ():
        named, now = directory.person(recipient.person_id), directory.holder(recipient.post, audit.header.team)
        if named and named.is_active and directory.is_in_post(named, recipient.post, audit.header.team):
            yield named.id
        elif now:
            yield now.person.id


def _named_in_escalation(audit: Audit, directory: Directory) -> Iterator[int]:
    """They keep sight of it after the post has passed to somebody else."""
    people = (directory.person(one.person_id) for one in (audit.escalation.recipients if audit.escalation else ()))
    return (person.id for person in people if person and person.is_active)


def _who_can_agree(audit: Audit, directory: Directory) -> tuple[int, ...]:
    """To a withdrawal; the QA inbox too where that is not the usual post."""
    found = [person for person in approvers(audit.withdrawal_asked_by, audit.header.team, directory) if person.can_be_reached]
    is_usual = bool(found) and found[0] in directory.in_post(POST)
    return (*(person.id for person in found), *(() if is_usual else (QA_INBOX,)))


def _in_post(post: str, audit: Audit, directory: Directory) -> Iterable[int]:
    """Everybody in the post; if it is vacant, the deputy and the QA inbox, so that somebody always knows."""
    holders = [person.id for person in directory.in_post(post, audit.header.team) if person.can_be_reached]
    if holders:
        return holders
    holder = directory.holder(post, audit.header.team)
    return (holder.person.id, QA_INBOX) if holder else (QA_INBOX,)


def _can_be_reached(person: Person | None) -> bool:
    return person is not None and person.can_be_reached
