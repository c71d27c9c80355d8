"""The mark of an embedded database whose council was moved to another. It is kept by the database itself: whoever still runs on it writes nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from workflow.storage.column_types import Instant
from workflow.storage.tables import metadata

# Not among the council’s own tables: no council but a moved one has it.
MARK = Table("moved", MetaData(), Column("to", String(300), primary_key=True), Column("at", Instant, nullable=False))
VERBS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Transfer:
    """`to` is an address without its password."""

    to: str
    at: datetime


def read_marker(connection: Connection) -> Transfer | None:
    if not inspect(connection).has_table(MARK.name):
        return None
    row = connection.execute(select(MARK)).one()
    return Transfer(row.to, row.at)


def mark(connection: Connection, moved: Transfer) -> None:
    """A worker that was forgotten sends nothing twice, and no move is made where nobody would see it: each table refuses every change."""
    MARK.create(connection)
    connection.execute(insert(MARK), {"to": moved.to, "at": moved.at})
    for table in metadata.tables:
        for verb in VERBS:
            refuses = "BEGIN SELECT RAISE(ABORT, 'this council was moved to another database'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER {_name(table, verb)} BEFORE {verb} ON {table} {refuses}")


def unmark(connection: Connection) -> None:
    for table in metadata.tables:
        for verb in VERBS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_name(table, verb)}")
    MARK.drop(connection, checkfirst=True)


def _name(table: str, verb: str) -> str:
    return f"moved_{table}_{verb.lower()}"
