"""One row of extreme values, for every table that no real move fills."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Connection, Date, Integer, LargeBinary, SmallInteger, Table, func, insert, select

from workflow.storage.column_types import Instant
from workflow.storage.tables import metadata

# Letters beyond the first plane, right to left, joined, apart from their accents; what ends a line or a text; what a statement might take for its own.
TEXT = "’é e\u0301 𝔘 \u202eעברית\u202c 🧑‍⚖️ \ufeff\u2028\x01\x7f\t\r\n'\"\\%_?:x;-- NULL"
TYPED = {"a": f"{TEXT}\x00\ud800", "b": [None, True, 1e300, -0.0, 2**63], "": {}}
LONG_AGO = datetime(2025, 3, 30, 0, 59, 59, 999_999, tzinfo=UTC)
# Filled by moves, whose histories must verify; or of which there is one row.
WALKED = {
    "audits", "sections", "actions", "escalations", "escalated_to", "history", "remarks", "seals", "tallies", "directory", "audit_heads",
    "chain_links", "chains",
}  # fmt: skip
NUMBERS: Sequence[tuple[type[Any], int]] = ((BigInteger, 2**63 - 1), (SmallInteger, 2**15 - 1), (Integer, 2**31 - 2))


def add_edges(connection: Connection) -> None:
    for table in metadata.sorted_tables:
        if table.name not in WALKED:
            connection.execute(insert(table), edge_row(connection, table))


def edge_row(connection: Connection, table: Table) -> dict[str, Any]:
    return {column.name: _value(connection, table, column) for column in table.columns}


def empty_tables(connection: Connection) -> list[str]:
    return [name for name, table in metadata.tables.items() if not connection.execute(select(func.count()).select_from(table)).scalar_one()]


def everything_in(connection: Connection) -> dict[str, list[str]]:
    """Every row as it comes out of the database, in no order."""
    return {name: sorted(repr(tuple(row)) for row in connection.execute(select(table))) for name, table in metadata.tables.items()}


def _value(connection: Connection, table: Table, column: Column[Any]) -> Any:
    if column.foreign_keys:
        return connection.execute(select(next(iter(column.foreign_keys)).column).limit(1)).scalar_one()
    if table.autoincrement_column is column:
        return (connection.execute(select(func.max(column))).scalar() or 0) + 1_000
    if isinstance(column.type, Instant):
        return LONG_AGO - timedelta(days=list(table.columns).index(column))
    return _of_type(column.type)


def _of_type(kind: Any) -> Any:
    plain = {Boolean: True, Date: date.max, JSON: TYPED, LargeBinary: bytes(range(256))}
    found = [value for one, value in (*plain.items(), *NUMBERS) if isinstance(kind, one)]
    return found[0] if found else (TEXT * 4)[: kind.length or None]
