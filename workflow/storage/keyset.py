"""Keyset pages: each starts after the last row of the page before, so the thousandth costs what the first does.

A cursor is the values of the ordering columns in the last row, as whole numbers joined by hyphens.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_

from workflow.errors import BadInput
from workflow.storage.column_types import Instant
from workflow.storage.sql_conditions import Condition

# PostgreSQL refuses to compare an id with a greater number.
HIGHEST_ID = 2**31 - 1
LAST_INSTANT = 10**16 - 1
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Columns = tuple[ColumnElement[Any], ...]
Page = tuple[Sequence[Any], str | None]
"""The rows, and the cursor of the next page where there is one."""


def fetch_page(connection: Connection, query: Select[Any], columns: Columns, cursor: str | None, size: int) -> Page:
    """Return the page after the cursor, highest values first. Raise BadInput for a malformed cursor."""
    if cursor:
        query = query.where(precedes(columns, cursor))
    rows = connection.execute(query.order_by(*(column.desc() for column in columns)).limit(size + 1)).all()
    return rows[:size], _cursor_at(rows[size - 1], columns) if len(rows) > size else None


def precedes(columns: Columns, cursor: str) -> Condition:
    """The rows after the cursor, in descending order of the columns; raise BadInput for a malformed cursor."""
    parts = cursor.split("-")
    if len(parts) != len(columns):
        raise _malformed()
    seen = [_decode(column, part) for column, part in zip(columns, parts, strict=True)]
    return or_(*(_is_below(columns[: length + 1], seen[: length + 1]) for length in range(len(columns))))


def parse_cursor(text: str, highest: int = HIGHEST_ID) -> int:
    """The number in a cursor of one column; raise BadInput for a malformed cursor."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(highest)) or int(text) > highest:
        raise _malformed()
    return int(text)


def _malformed() -> BadInput:
    return BadInput.about("cursor", "This page address is not complete. Go back to the start of the list.")


def _is_below(columns: Columns, values: list[Any]) -> Condition:
    """Lower in the last of the columns, and equal in those before it."""
    *equal, (last, value) = zip(columns, values, strict=True)
    return and_(*(column == same for column, same in equal), last < value)


def _decode(column: ColumnElement[Any], text: str) -> Any:
    if isinstance(column.type, Instant):
        return EPOCH + parse_cursor(text, LAST_INSTANT) * MICROSECOND
    return parse_cursor(text)


def _cursor_at(row: Any, columns: Columns) -> str:
    return "-".join(_encode(row._mapping[column]) for column in columns)


def _encode(value: datetime | int) -> str:
    return str((value - EPOCH) // MICROSECOND) if isinstance(value, datetime) else str(value)
