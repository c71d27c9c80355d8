"""Who hears of an event: `config/notifications.toml`, resolved to persons. One person in two roles is told once."""

import random
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from workflow.directory import Directory, Person
from workflow.errors import ConfigurationError
from workflow.events import Event, Notice
from workflow.models import INADEQUATE, Audit
from workflow.working_days import end_of_month, months_after, re_audit_window

QA_INBOX = None
END_OF_MONTH = "end of month"
LAST_HOUR = 23
CASE_ROLES = ("practitioner", "team_manager", "service_manager", "qaro")
POSTS = ("head_of_service", "director", "hos_ppqa", "governance")
NAMED = ("auditor", "moderator")
RELATIONS = {*CASE_ROLES, *POSTS, *NAMED, "owner", "qa_inbox", "escalation", "recipient", "next_up"}


@dataclass(frozen=True, slots=True, eq=False)
class Deadlines:
    """In minutes, days, working days, weeks or months, as each name says (domain.md, Clocks: chosen, so settings).

    Told apart as objects, not by what they say, so that what is reckoned by them can be remembered.
    """

    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> int:
        return int(self.values[name])

    def share_by(self, day: date) -> date:
        within = self.values["allocated_audit_shared_by"]
        return end_of_month(day) if within == END_OF_MONTH else day + timedelta(days=within)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which audits must be moderated besides every Inadequate one."""

    outstanding: bool = False
    auditors_first: int = 0
    random_share_percent: int = 0


@dataclass(frozen=True, slots=True)
class NotificationRules:
    """The table; the real part behind the port `Telling`."""

    events: Mapping[str, Mapping[str, Any]]
    clocks: Deadlines
    selection: Selection

    def notices(self, event: Event, audit: Audit, directory: Directory) -> tuple[Notice, ...]:
        """Who is connected to the child is told nothing; what is told to a post of theirs goes to who stands in."""
        about = directory.for_child(audit.header.child_id)
        told = [person for person in dict.fromkeys(self._told(event, audit, about)) if person not in about.excluded]
        return tuple(Notice(event.key, event.name, person, event.reference, event.action, event.due_on) for person in told)

    def reachable(self, event: Event, audit: Audit, directory: Directory) -> tuple[Notice, ...]:
        """The same, for what must not be missed: where that leaves nobody active with an address, the QA inbox is told."""
        found = [
            one
            for one in self.notices(event, audit, directory)
            if one.person_id is None or _can_be_reached(directory.person(one.person_id))
        ]
        return tuple(found) or (Notice(event.key, event.name, QA_INBOX, event.reference, event.action, event.due_on),)

    def unreachable(self, event: str, audit: Audit, directory: Directory) -> tuple[str, ...]:
        """Judged on the header as written: it is asked before sharing."""
        return tuple(
            relation
            for relation in self.events[event]["told"]
            if relation in CASE_ROLES and not _can_be_reached(directory.person(_written(audit, relation)))
        )

    @property
    def gathered(self) -> frozenset[str]:
        return frozenset(name for name, event in self.events.items() if event.get("gathered"))

    @property
    def urgent(self) -> frozenset[str]:
        return frozenset(name for name, event in self.events.items() if event.get("urgent"))

    def share_by(self, day: date) -> date:
        return self.clocks.share_by(day)

    def re_audit_prompt_on(self, audit: Audit) -> date | None:
        """A month before the window closes; sooner after an Inadequate judgement (domain, Clocks)."""
        audited_on = audit.header.audit_on
        if audited_on is None:
            return None
        if audit.overall_grade == INADEQUATE:
            return months_after(audited_on, self.clocks["re_audit_after_inadequate_months"])
        return months_after(re_audit_window(audited_on, self.clocks["re_audit_months"]), -self.clocks["re_audit_prompt_months_before"])

    def emergency_ends_at(self, at: datetime) -> datetime:
        return at + timedelta(minutes=self.clocks["emergency_minutes"])

    def moderation_reason(self, audit: Audit, grade: str | None) -> str:
        if grade == INADEQUATE:
            return "the overall grade is Inadequate"
        if grade == "outstanding" and self.selection.outstanding:
            return "the overall grade is Outstanding"
        # Drawn by the reference, so that asking twice draws the same.
        if random.Random(audit.reference).uniform(0, 100) < self.selection.random_share_percent:  # noqa: S311
            return "it was drawn at random"
        return ""

    def _told(self, event: Event, audit: Audit, directory: Directory) -> Iterator[int | None]:
        for relation in self._relations(event, audit):
            yield from _people(relation, event, audit, directory)

    def _relations(self, event: Event, audit: Audit) -> tuple[str, ...]:
        table = self.events[event.name]
        told = table["told_where_escalated"] if audit.was_escalated and "told_where_escalated" in table else table["told"]
        told = [*told, *(table.get("told_where_the_grade_changed", ()) if event.grade_changed else ())]
        return (*told, *(table.get("told_where_shared", ()) if audit.was_shared else ()))


def load_who_hears(path: Path) -> NotificationRules:
    """Raise ConfigurationError, in a sentence, for a relation that nobody could be told by."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        hears = NotificationRules(table["event"], Deadlines(table["clocks"]), Selection(**table["moderation_selection"]))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path.name} can’t be read: {error}.") from error
    for name, event in hears.events.items():
        unknown = {relation for key, told in event.items() if key.startswith("told") for relation in told} - RELATIONS
        if unknown:
            raise ConfigurationError(f"{path.name}: event {name} tells the unknown “{min(unknown)}”.")
    for clock, value in hears.clocks.values.items():
        if not (_counts(value) or (clock == "allocated_audit_shared_by" and value == END_OF_MONTH)):
            raise ConfigurationError(f"{path.name}: the clock {clock} must be a whole number of at least 1.")
    if hears.clocks["reminders_gathered_at_hour"] > LAST_HOUR:
        raise ConfigurationError(f"{path.name}: reminders_gathered_at_hour must be an hour of the day.")
    return hears


def _counts(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _people(relation: str, event: Event, audit: Audit, directory: Directory) -> Iterable[int | None]:
    """Ids of those to be told; None is the QA inbox."""
    if relation == "qa_inbox":
        return (QA_INBOX,)
    if relation in CASE_ROLES:
        return _known(getattr(audit.header, f"{relation}_id"))
    if relation in NAMED:
        return _known(getattr(audit, f"{relation}_id"))
    if relation in POSTS:
        return _in_post(relation, audit, directory)
    if relation == "escalation":
        return _of_escalation(audit, directory)
    action = audit.action(event.action) if event.action is not None else None
    return (action.owner_id,) if relation == "owner" and action else event.recipients


def _of_escalation(audit: Audit, directory: Directory) -> Iterator[int]:
    for recipient in audit.escalation.recipients if audit.escalation else ():
        now = directory.holder(recipient.post, audit.header.team) if recipient.person_id in directory.excluded else None
        yield now.person.id if now else recipient.person_id


def _in_post(post: str, audit: Audit, directory: Directory) -> Iterable[int | None]:
    """Everybody in the post; where it is vacant, who stands in, and the QA inbox so that silence is impossible."""
    held = [person.id for person in directory.in_post(post, audit.header.team) if person.can_be_reached]
    if held:
        return held
    holder = directory.holder(post, audit.header.team)
    return (holder.person.id, QA_INBOX) if holder else (QA_INBOX,)


def _known(person_id: int | None) -> Iterable[int]:
    return () if person_id is None else (person_id,)


def _written(audit: Audit, relation: str) -> int | None:
    answer = audit.answer("details", relation)
    return answer if isinstance(answer, int) else None


def _can_be_reached(person: Person | None) -> bool:
    return person is not None and person.can_be_reached
