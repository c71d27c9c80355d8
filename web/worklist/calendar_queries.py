"""Whose private calendar an address is. The address itself is nowhere: only its digest is."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select

from workflow.storage.audit_writer import upsert
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import calendars


def keep_calendar(engine: Engine, person_id: int, digest: str, at: datetime) -> None:
    """In place of the one before, whose address is worth nothing from then on."""
    with write_transaction(engine) as connection:
        upsert(connection, calendars, ("person_id",), [{"person_id": person_id, "digest": digest, "made_at": at}])


def end_calendar(engine: Engine, person_id: int) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(calendars).where(calendars.c.person_id == person_id))


def calendar_of(engine: Engine, person_id: int) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(select(calendars).where(calendars.c.person_id == person_id)).first()


def calendar_at(engine: Engine, digest: str) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(select(calendars).where(calendars.c.digest == digest)).first()
