"""Requests to read in an emergency: those that wait, and one’s own."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from workflow.directory import Directory, Person
from workflow.ports import EmergencyAccessRequest
from workflow.storage.emergency_access import of_row
from workflow.storage.tables import emergencies

MOST = 50


def waiting(connection: Connection) -> Sequence[EmergencyAccessRequest]:
    query = select(emergencies).where(emergencies.c.answered_at.is_(None)).order_by(emergencies.c.asked_at).limit(MOST)
    return [of_row(row) for row in connection.execute(query)]


def own(connection: Connection, person: Person) -> Sequence[EmergencyAccessRequest]:
    """Newest first."""
    query = select(emergencies).where(emergencies.c.asked_by == person.id).order_by(emergencies.c.id.desc()).limit(MOST)
    return [of_row(row) for row in connection.execute(query)]


def may_decide(person: Person, directory: Directory) -> bool:
    """Whether anybody’s request could be theirs to answer: who can’t, is not looked up for."""
    return "director" in person.roles or directory.is_in_post(person, "hos_ppqa")
