"""Opening the database. Readers never wait for writers; a writer takes the write lock when it begins, never half-way."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError as DatabaseError

SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000")

# Its name in the library, by whose lines statements can be followed.
LOG = logging.getLogger("sqlalchemy.engine.Engine")

__all__ = ["Connection", "DatabaseError", "Engine", "engine_options", "open_engine", "prepare", "reading", "writing"]


def engine_options(url: str) -> dict[str, Any]:
    """A pool per process; SQLite's own transaction handling is switched off (see `prepare`). No error quotes what was being stored."""
    if url.startswith("sqlite"):
        return {
            "hide_parameters": True,
            "connect_args": {"isolation_level": None, "check_same_thread": False, "timeout": 15},
            "pool_size": 8,
            "max_overflow": 8,
        }
    return {"hide_parameters": True, "pool_size": 8, "max_overflow": 8, "pool_pre_ping": True}


def open_engine(url: str) -> Engine:
    engine = create_engine(url, **engine_options(url))
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """No line of a log shows a row, however much the library is asked to say: `hide_parameters` is about what goes in alone."""
    LOG.addFilter(_shows_no_row)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent reading, without the write lock."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One writing transaction, committed at the end, or rolled back where anything was raised."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


def _shows_no_row(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
