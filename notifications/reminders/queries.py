"""What the posts of escalations depend on: when delegations begin and end, and which escalations are not resolved."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, union

from workflow.storage.engine import read_transaction
from workflow.storage.tables import IS_UNRESOLVED, audits, delegations


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
