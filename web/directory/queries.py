"""What the pages of the directory show beside it: history, connections, delegations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from workflow.role_assignments import Delegation
from workflow.storage.directory_writer import delegation_of
from workflow.storage.tables import connections, delegations, directory_history

MOST = 200


def history_of(connection: Connection, person_id: int) -> Sequence[Any]:
    """The newest lines about one person, newest first."""
    lines = select(directory_history).where(directory_history.c.person_id == person_id)
    return connection.execute(lines.order_by(directory_history.c.id.desc()).limit(MOST)).all()


def history_of_units(connection: Connection) -> Sequence[Any]:
    lines = select(directory_history).where(directory_history.c.unit.is_not(None))
    return connection.execute(lines.order_by(directory_history.c.id.desc()).limit(MOST)).all()


def connections_of(connection: Connection, person_id: int) -> Sequence[Any]:
    """Also those that were ended: they stay on the record."""
    return connection.execute(select(connections).where(connections.c.person_id == person_id).order_by(connections.c.id.desc())).all()


def delegations_with(connection: Connection, person_id: int, at: datetime) -> list[Delegation]:
    """From or to this person, now or to come."""
    either = or_(delegations.c.from_person == person_id, delegations.c.to_person == person_id)
    rows = connection.execute(select(delegations).where(either, delegations.c.ends_at > at).order_by(delegations.c.starts_at))
    return [delegation_of(row) for row in rows]
