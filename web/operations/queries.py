"""Counts for the gauges: each uses an index of its own or reads a part that does not grow, and none identifies a person."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import time_ns
from typing import Any

from sqlalchemy import Connection, Engine, event, func, literal_column, select

from workflow.storage.engine import read_transaction
from workflow.storage.tables import IS_OF_AN_UNRESOLVED, IS_UNDELIVERED, IS_UNRESOLVED, audits, escalations, outbox

OPENINGS = escalations.alias("openings")
# Written out, not bound: otherwise the database does not use a partial index.
IS_WAITING = outbox.c.state == literal_column("'waiting'")


def count_emails(engine: Engine) -> tuple[int, int, datetime | None]:
    """Return how many wait, how many failed for good and are not dealt with, and since when one has been due."""
    waiting = select(func.count()).select_from(outbox).where(IS_WAITING).scalar_subquery()
    dead = select(func.count()).select_from(outbox).where(IS_UNDELIVERED).scalar_subquery()
    due = select(outbox.c.next_attempt_at).where(IS_WAITING).order_by(outbox.c.next_attempt_at, outbox.c.id).limit(1).scalar_subquery()
    with read_transaction(engine) as connection:
        row = connection.execute(select(waiting, dead, due)).one()
    return row[0], row[1], row[2]


def unresolved_escalations(engine: Engine) -> tuple[Mapping[str, int], Sequence[Any]]:
    """Return how many escalations are in each state, and `opened_at` and `recipients` of the open ones."""
    with read_transaction(engine) as connection:
        return _by_state(connection), _open(connection)


def watch_statements(engine: Engine, observe: Callable[[str, int], None]) -> None:
    """Call `observe` after each statement, with its text and when it began, in nanoseconds."""

    def begins(_c: Any, _cursor: Any, _s: str, _p: Any, context: Any, _many: bool) -> None:
        context.began = time_ns()

    def ends(_c: Any, _cursor: Any, statement: str, _p: Any, context: Any, _many: bool) -> None:
        observe(statement, context.began)

    event.listen(engine, "before_cursor_execute", begins)
    event.listen(engine, "after_cursor_execute", ends)


def _by_state(connection: Connection) -> Mapping[str, int]:
    counted = select(audits.c.escalation_state, func.count()).where(IS_UNRESOLVED).group_by(audits.c.escalation_state)
    return {row[0]: row[1] for row in connection.execute(counted)}


def _open(connection: Connection) -> Sequence[Any]:
    """Only the latest escalation of each audit: nobody has to acknowledge an earlier one."""
    latest = select(func.max(OPENINGS.c.number)).where(OPENINGS.c.audit_id == audits.c.id).correlate(audits).scalar_subquery()
    joined = select(escalations.c.opened_at, escalations.c.recipients).join(audits, audits.c.id == escalations.c.audit_id)
    is_open = (IS_OF_AN_UNRESOLVED, IS_UNRESOLVED, audits.c.escalation_state == "open", escalations.c.number == latest)
    return connection.execute(joined.where(*is_open)).all()
