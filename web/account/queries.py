"""Where somebody is signed in, and their new password, as SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select, update

from workflow.storage.engine import reading, writing
from workflow.storage.tables import people, sessions


def sessions_of(engine: Engine, person_id: int, idle_since: datetime, begun_since: datetime) -> Sequence[Any]:
    """Those that still hold, the one used last first."""
    held = (sessions.c.person_id == person_id, sessions.c.seen_at > idle_since, sessions.c.created_at > begun_since)
    with reading(engine) as connection:
        return connection.execute(select(sessions).where(*held).order_by(sessions.c.seen_at.desc())).all()


def end_one(engine: Engine, person_id: int, digest: str) -> None:
    with writing(engine) as connection:
        connection.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.digest == digest))


def end_all_but(engine: Engine, person_id: int, digest: str) -> None:
    with writing(engine) as connection:
        connection.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.digest != digest))


def change_password(engine: Engine, person_id: int, password_hash: str, digest: str) -> None:
    """In one transaction with the end of every session but the one under `digest`: who knew the old password is out."""
    with writing(engine) as connection:
        connection.execute(update(people).where(people.c.id == person_id).values(password_hash=password_hash))
        connection.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.digest != digest))
