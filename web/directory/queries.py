"""The directory’s history, declared connections and delegations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from workflow.role_assignments import Delegation
from workflow.storage.directory_writer import delegation_of
from workflow.storage.tables import connections, delegations, directory_history

MOST = 200


def fetch_person_history(connection: Connection, person_id: int) -> Sequence[Any]:
    """Return up to `MOST` entries about one person, newest first."""
    lines = select(directory_history).where(directory_history.c.person_id == person_id)
    return connection.execute(lines.order_by(directory_history.c.id.desc()).limit(MOST)).all()


def fetch_changes(connection: Connection) -> Sequence[Any]:
    """Return the last `MOST` entries about anybody and anything, newest first."""
    return connection.execute(select(directory_history).order_by(directory_history.c.id.desc()).limit(MOST)).all()


def fetch_unit_history(connection: Connection) -> Sequence[Any]:
    lines = select(directory_history).where(directory_history.c.unit.is_not(None))
    return connection.execute(lines.order_by(directory_history.c.id.desc()).limit(MOST)).all()


def fetch_connections(connection: Connection, person_id: int) -> Sequence[Any]:
    """Return a person's connections, including those that have ended."""
    return connection.execute(select(connections).where(connections.c.person_id == person_id).order_by(connections.c.id.desc())).all()


def fetch_delegations(connection: Connection, person_id: int, at: datetime) -> list[Delegation]:
    """Return delegations from or to this person that have not ended."""
    either = or_(delegations.c.from_person == person_id, delegations.c.to_person == person_id)
    rows = connection.execute(select(delegations).where(either, delegations.c.ends_at > at).order_by(delegations.c.starts_at))
    return [delegation_of(row) for row in rows]
