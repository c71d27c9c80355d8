"""Requests to read in an emergency, as rows. Granting one raises the version of the directory, which then includes it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from workflow.events import Notice
from workflow.ports import ConcurrentChange, EmergencyAccessRequest
from workflow.storage import audit_writer, directory_seed, tables
from workflow.storage.tables import emergencies

NAMES = EmergencyAccessRequest.__slots__


def ask(connection: Connection, request: EmergencyAccessRequest, notices: Sequence[Notice], most_open: int) -> bool:
    # Two requests of one person at once would each count without the other.
    connection.execute(select(tables.people.c.id).where(tables.people.c.id == request.asked_by).with_for_update())
    are_open = select(emergencies.c.reference).where(emergencies.c.asked_by == request.asked_by, emergencies.c.answered_at.is_(None))
    references = connection.execute(are_open).scalars().all()
    if request.reference in references:
        return True
    if len(references) >= most_open:
        return False
    connection.execute(insert(emergencies), {name: getattr(request, name) for name in NAMES if name != "id"})
    audit_writer.enqueue_notices(connection, notices, request.asked_at)
    return True


def read(connection: Connection, emergency_id: int) -> EmergencyAccessRequest | None:
    row = connection.execute(select(emergencies).where(emergencies.c.id == emergency_id)).first()
    return of_row(row) if row else None


def of_row(row: Any) -> EmergencyAccessRequest:
    return EmergencyAccessRequest(**{name: row._mapping[name] for name in NAMES})


def answer(connection: Connection, answered: EmergencyAccessRequest, notices: Sequence[Notice], directory_version: int) -> None:
    assert answered.answered_at is not None, "it is answered"
    is_open = (emergencies.c.answered_at.is_(None), emergencies.c.asked_by != answered.answered_by)
    decided_on = select(tables.directory.c.version).scalar_subquery() == directory_version
    values = {name: getattr(answered, name) for name in ("answered_by", "answered_at", "ends_at")}
    if connection.execute(update(emergencies).where(emergencies.c.id == answered.id, *is_open, decided_on).values(values)).rowcount != 1:
        raise ConcurrentChange
    if answered.ends_at:
        directory_seed.bump_version(connection)
    audit_writer.enqueue_notices(connection, notices, answered.answered_at)
