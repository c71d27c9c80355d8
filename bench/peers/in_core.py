"""The move in SQLAlchemy’s Core, for engines that bring no models of their own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, DateTime, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.orm import Session

from bench.peers import the_work
from bench.peers.the_work import AUDITOR, NAMES

METADATA = MetaData()


def _table(name: str, keys: dict[str, Any], numbers: str = "", words: str = "", instants: str = "") -> Table:
    columns = [Column(key, kind, primary_key=True, autoincrement=False) for key, kind in keys.items()]
    kinds = ((Integer, numbers), (String, words), (DateTime(timezone=True), instants))
    return Table(name, METADATA, *columns, *(Column(column, kind) for kind, names in kinds for column in names.split()))


PEOPLE = Table("people", METADATA, Column("id", Integer, primary_key=True), Column("name", String), Column("is_active", Boolean))
AUDITS = _table(
    "audits",
    {"id": Integer},
    "version history_count auditor_id practitioner_id team_manager_id service_manager_id qaro_id consulted",
    "reference state history_head team child_id strand overall_grade",
    "shared_at",
)
AREAS = _table("areas", {"audit_id": Integer, "key": String}, words="grade evidence impact")
HISTORY = _table("history", {"audit_id": Integer, "number": Integer}, "by_id", "by_name move from_state to_state facts previous hash", "at")
NOTICES = _table("notices", {"key": String, "recipient": Integer}, words="event reference", instants="at")
OUTBOX = _table("outbox", {"key": String, "recipient": Integer}, "attempts", "event reference state", "created_at next_attempt_at")


def fill(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(insert(PEOPLE), [{"id": number, "name": name, "is_active": True} for number, name in enumerate(NAMES, 1)])
    connection.execute(insert(AUDITS), [audit | {"consulted": 1} for audit in the_work.audits()])
    connection.execute(insert(AREAS), [{"audit_id": audit["id"], **area} for audit in the_work.audits() for area in the_work.areas()])


def read(connection: Connection | Session, number: int) -> tuple[Any, Any, Sequence[Any]]:
    """Who asks, the audit, its areas."""
    who = connection.execute(select(PEOPLE).where(PEOPLE.c.id == AUDITOR)).one()
    audit = connection.execute(select(AUDITS).where(AUDITS.c.id == number)).one()
    return who, audit, connection.execute(select(AREAS).where(AREAS.c.audit_id == number)).all()


def share(connection: Connection | Session, number: int) -> None:
    """Within the transaction that it is in."""
    who, audit, areas = read(connection, number)
    ready = audit.state == "graded" and the_work.is_consulted(audit) and the_work.is_graded(audit) and the_work.is_complete(areas)
    if not (ready and the_work.may_share(audit, who)):
        raise PermissionError
    write(connection, audit, who.id)


def write(connection: Connection | Session, audit: Any, by: int) -> None:
    at = the_work.now()
    row = the_work.history_row(audit, by, at)
    changed = {
        "state": "shared",
        "version": audit.version + 1,
        "shared_at": at,
        "history_count": row["number"],
        "history_head": row["hash"],
    }
    still = update(AUDITS).where(AUDITS.c.id == audit.id, AUDITS.c.version == audit.version).returning(AUDITS.c.id)
    connection.execute(still.values(changed)).one()
    connection.execute(insert(HISTORY), [row | {"audit_id": audit.id}])
    told = the_work.notifications_of(audit, row["number"])
    connection.execute(insert(NOTICES), [the_work.notice(notification_policy, at) for notification_policy in told])
    connection.execute(insert(OUTBOX), [the_work.waiting(notification_policy, at) for notification_policy in told])
