"""Write many rows in one statement: the driver passes them as one JSON text, which the database splits into rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, String, Table, bindparam, cast, func, literal_column, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from workflow.storage.column_types import as_text

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
ROWS = "rows_as_json"
Names = tuple[str, ...]


def bulk_parameters(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """The parameters of the statements below: for each row the values of `each`; or of `keys` and `seen`, and the new value."""
    return {ROWS: json.dumps(list(rows), default=as_json_value)}


def as_json_value(value: date) -> str:
    """A date or an instant as text."""
    return as_text(value) if isinstance(value, datetime) else value.isoformat()


@cache
def insert_once(dialect: str, table: Table, keys: Names, each: Names, same: Names) -> Any:
    """Insert the rows whose keys do not exist yet. The values of `same` are the same for all rows."""
    shared = [bindparam(name, type_=table.c[name].type) for name in same]
    # Without a WHERE, SQLite takes the ON of ON CONFLICT for the ON of a join.
    rows = _rows(dialect, {name: table.c[name].type for name in each}).add_columns(*shared).where(true())
    return INSERTS[dialect](table).from_select([*each, *same], rows).on_conflict_do_nothing(index_elements=keys)


@cache
def update_each(dialect: str, table: Table, keys: Names, seen: Names, column: str) -> Any:
    """Set a column of each row that has these keys and still the values of `seen`; return the keys of the rows changed.

    Rows are locked in the order of their keys, so that two such statements can’t deadlock.
    """
    given_types = {name: table.c[name].type for name in (*keys, *seen)} | {"value": table.c[column].type}
    row = _rows(dialect, given_types).subquery().c
    as_seen = select(*(row[name] for name in (*keys, "value"))).where(*(table.c[name] == row[name] for name in (*keys, *seen)))
    locked = as_seen.order_by(*(table.c[key] for key in keys)).with_for_update(of=table).subquery().c
    found = update(table).where(*(table.c[key] == locked[key] for key in keys)).values({column: locked.value})
    return found.returning(*(table.c[key] for key in keys))


def _rows(dialect: str, types: Mapping[str, TypeEngine[Any]]) -> Select[Any]:
    """The rows of the JSON text, in its order."""
    columns = _in_postgresql if dialect == "postgresql" else _in_sqlite
    return select(*(column.label(name) for name, column in zip(types, columns(types.values()), strict=True)))


def _in_sqlite(types: Iterable[TypeEngine[Any]]) -> list[ColumnElement[Any]]:
    row = func.json_each(bindparam(ROWS)).table_valued("value").c.value
    return [func.json_extract(row, literal_column(f"'$[{n}]'"), type_=kind) for n, kind in enumerate(types)]


def _in_postgresql(types: Iterable[TypeEngine[Any]]) -> list[ColumnElement[Any]]:
    rows = cast(bindparam(ROWS, type_=String), postgresql.JSONB)
    row = func.jsonb_array_elements(rows).table_valued("value").c.value
    return [cast(row.op("->>")(literal_column(f"{n}")), kind) for n, kind in enumerate(types)]
