"""Run the statements of a move compiled once, with the SQL and types of SQLAlchemy Core (decision 51).

Core also caches what it compiles, but looks it up and prepares the parameters at each execution.
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
    """`statement` must be an object that is made once. The values of the result are as the driver returns them."""
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
