"""When delegations begin and end, which escalations are not resolved, and what the worker said when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, union

from workflow.storage import audit_writer
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import IS_UNRESOLVED, audits, delegations, sweeps


def turns_of(engine: Engine, posts: Sequence[str], since: datetime, until: datetime) -> Sequence[datetime]:
    """When delegations of these posts began or ended, oldest first."""
    times = (delegations.c.starts_at, delegations.c.ends_at)
    turns = union(*(select(at.label("at")).where(delegations.c.role.in_(posts), at > since, at <= until) for at in times))
    with read_transaction(engine) as connection:
        return sorted(connection.execute(turns).scalars())


def unresolved_escalations(engine: Engine) -> Sequence[Any]:
    """Rows of the reference, the team and the child of each audit whose escalation is not resolved."""
    with read_transaction(engine) as connection:
        return connection.execute(select(audits.c.reference, audits.c.team, audits.c.child_id).where(IS_UNRESOLVED)).all()


def is_remembered(engine: Engine, sweep: str, slot: str, since: datetime) -> bool:
    found = select(sweeps.c.slot).where(sweeps.c.sweep == sweep, sweeps.c.slot == slot, sweeps.c.at > since)
    with read_transaction(engine) as connection:
        return connection.execute(found).first() is not None


def remember(engine: Engine, sweep: str, slot: str, now: datetime) -> None:
    """Also where another worker does at the same moment."""
    with write_transaction(engine) as connection:
        audit_writer.upsert(connection, sweeps, ("sweep", "slot"), [{"sweep": sweep, "slot": slot, "at": now}])
