"""Mark a SQLite database whose council was moved to another. Triggers in the database then refuse every change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select

from workflow.storage.column_types import Instant
from workflow.storage.tables import metadata

# Not among the tables of every council: only a moved one has it.
MARK = Table("moved", MetaData(), Column("to", String(300), primary_key=True), Column("at", Instant, nullable=False))
VERBS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class Transfer:
    """`to` is the address without its password."""

    to: str
    at: datetime


def read_marker(connection: Connection) -> Transfer | None:
    if not inspect(connection).has_table(MARK.name):
        return None
    row = connection.execute(select(MARK)).one()
    return Transfer(row.to, row.at)


def mark(connection: Connection, moved: Transfer) -> None:
    """Make every table refuse changes, so that a forgotten worker sends nothing twice, and no move is lost in the old database."""
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
