"""The read log, newest first; people who read unusually many audits; and requests for emergency access. No case text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, cast, func, select

from workflow.commands.emergency_access import may_answer, may_answer_any
from workflow.directory import Directory, Person
from workflow.ports import EmergencyAccessRequest
from workflow.storage.emergency_access import of_row
from workflow.storage.keyset import Page, fetch_page
from workflow.storage.tables import audits, emergencies, readings
from workflow.storage.visibility import VisibilityFilter

SIZE = 50
MOST_WAITING, MOST_EMERGENCIES = 20, 50
LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ReadLogFilter:
    person: int | None = None
    reference: str | None = None
    cursor: str | None = None


def fetch_readings(connection: Connection, reader: VisibilityFilter, sought: ReadLogFilter) -> Page:
    """Return a page of readings of the audits whose read log this person may see."""
    query = select(readings).join(audits, audits.c.reference == readings.c.reference).where(reader.permitted("read_readings"))
    wanted = ((readings.c.person_id, sought.person), (readings.c.reference, sought.reference))
    query = query.where(*(column == value for column, value in wanted if value))
    return fetch_page(connection, query, (readings.c.id,), sought.cursor, SIZE)


def fetch_heavy_readers(connection: Connection, more_than: int, now: datetime) -> Sequence[Any]:
    """Return rows of `person_id`, `by_name`, `since` and the number of different `audits`, by clock hour, newest first."""
    hour = func.substr(cast(readings.c.at, String), 1, 13)
    number, since = func.count(readings.c.reference.distinct()), func.min(readings.c.at, type_=readings.c.at.type)
    counted = select(readings.c.person_id, readings.c.by_name, since.label("since"), number.label("audits"))
    counted = counted.where(readings.c.at > now - LOOKED_BACK).group_by(readings.c.person_id, readings.c.by_name, hour)
    return connection.execute(counted.having(number > more_than).order_by(since.desc()).limit(SIZE)).all()


def fetch_waiting_requests(connection: Connection, person: Person, directory: Directory, cursor: str | None = None) -> Page:
    """Return a page of the requests that this person may answer, newest first."""
    if not may_answer_any(directory, person):
        return (), None
    is_waiting = emergencies.c.answered_at.is_(None)
    asking = connection.execute(select(emergencies.c.asked_by).where(is_waiting).distinct()).scalars()
    theirs = [one for one in asking if may_answer(directory, person, directory.people[one])]
    query = select(emergencies).where(is_waiting, emergencies.c.asked_by.in_(theirs))
    rows, following = fetch_page(connection, query, (emergencies.c.id,), cursor, MOST_WAITING)
    return [of_row(row) for row in rows], following


def fetch_own_requests(connection: Connection, person: Person) -> Sequence[EmergencyAccessRequest]:
    """Return a person's own requests, newest first."""
    query = select(emergencies).where(emergencies.c.asked_by == person.id).order_by(emergencies.c.id.desc()).limit(MOST_EMERGENCIES)
    return [of_row(row) for row in connection.execute(query)]
