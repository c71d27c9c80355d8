"""Statements compiled once, for what every move writes. Core compiles once too, but looks that up and binds anew at each
execution, which costs as much again as the statement; here only the types’ own work is left. The SQL is the same.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.base import Executable

Row = Mapping[str, Any]
Bind = Callable[[Row], Any]


def execute(connection: Connection, statement: Executable, row: Row) -> CursorResult[Any]:
    """`statement` is one that is made once and kept. What it answers comes as the driver gives it."""
    sql, bind = _prepared(statement, connection.dialect, tuple(row))
    return connection.exec_driver_sql(sql, bind(row))


def execute_each(connection: Connection, statement: Executable, rows: Sequence[Row]) -> None:
    sql, bind = _prepared(statement, connection.dialect, tuple(rows[0]))
    connection.exec_driver_sql(sql, [bind(row) for row in rows] if len(rows) > 1 else bind(rows[0]))


@lru_cache(512)
def _prepared(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, Bind]:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    binds = [(name, _processor(compiled.binds[name], dialect)) for name in compiled.positiontup or compiled.params]
    assert {name for name, _ in binds} <= set(names), "every value is given by the row"
    if compiled.positiontup is None:
        return compiled.string, lambda row: {name: process(row[name]) if process else row[name] for name, process in binds}
    return compiled.string, lambda row: tuple([process(row[name]) if process else row[name] for name, process in binds])


def _processor(bind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    processor: Callable[[Any], Any] | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return processor
