"""Duties that the people named for them can’t carry out: the QA Service chooses a successor for each."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import url_for

from web.formatting import role_title
from workflow.directory import Directory
from workflow.duty_holders import OWNER, DutyHolder, duties_of
from workflow.models import Audit
from workflow.roles import CONTENT_FREE
from workflow.storage.audit_reader import audit_of, read_audit_rows
from workflow.storage.engine import Connection
from workflow.storage.open_duties import IS_OWED, audits_naming, people_named
from workflow.storage.visibility import VisibilityFilter

MOST = 200
PAGES = {"auditor": "successions.auditor", "moderator": "moderation.assign"}
"""Where a successor is chosen; anybody else of the case is named on a page of their role."""


@dataclass(frozen=True, slots=True)
class VacantDuty:
    reference: str
    holder: DutyHolder

    @property
    def title(self) -> str:
        return f"person responsible for action {self.holder.action}" if self.holder.action else role_title(self.holder.duty)

    @property
    def href(self) -> str:
        if self.holder.duty == OWNER:
            return url_for("successions.owner", reference=self.reference, number=self.holder.action)
        if self.holder.duty in PAGES:
            return url_for(PAGES[self.holder.duty], reference=self.reference)
        return url_for("successions.person", reference=self.reference, role=self.holder.duty)

    @property
    def answering(self) -> str:
        """Who answers for it meanwhile, by name or by the title of their role."""
        if not self.holder.fell_to:
            return "Nobody" if not self.holder.answers else ", ".join(person.name for person in self.holder.answers)
        is_one = len(self.holder.answers) == 1
        return self.holder.answers[0].name if is_one else role_title(self.holder.fell_to)


def find_vacant_duties(connection: Connection, reader: VisibilityFilter) -> list[VacantDuty]:
    """Of at most `MOST` audits that this person may know of, the oldest first."""
    unable = {duty: _unable(duty, people, reader.directory) for duty, people in people_named(connection).items()}
    wanted = {duty: people for duty, people in unable.items() if people}
    if not wanted:
        return []
    references = audits_naming(connection, wanted, reader.permitted("know"), MOST)
    rows = read_audit_rows(connection, references)
    return [one for reference in references for one in vacant_duties_of(audit_of(rows[reference]), reader.directory)]


def vacant_duties_of(audit: Audit, directory: Directory) -> list[VacantDuty]:
    passing_on = {*IS_OWED, OWNER}
    vacant = (one for one in duties_of(audit, directory) if one.duty in passing_on and not one.is_held)
    return [VacantDuty(audit.reference, one) for one in vacant]


def _unable(duty: str, people: Collection[int], directory: Directory) -> set[int]:
    """Those who can’t carry a duty out, or perhaps not for every child."""
    return {person_id for person_id in people if person_id in directory.connections or not _is_able(person_id, duty, directory)}


def _is_able(person_id: int, duty: str, directory: Directory) -> bool:
    person = directory.person(person_id)
    holds = person is not None and (person.roles.isdisjoint(CONTENT_FREE) if duty == OWNER else duty in person.roles)
    return person is not None and person.can_be_reached and holds
