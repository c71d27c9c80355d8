"""Open the database. Readers never wait for writers; a writer takes the write lock at the start of its transaction."""

import hashlib
import logging
import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import SQLAlchemyError as DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from workflow.errors import ConfigurationError
from workflow.storage.write_lock import exclusive_write_lock

SQLITE_PRAGMAS: tuple[str, ...] = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000")

# In seconds; the last in milliseconds. A machine that has vanished does not answer, like one that hangs.
POSTGRESQL_TIMEOUTS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

PING_AFTER_IDLE = 1.0
"""Seconds. A connection that is used again sooner is not checked: if it has ended, one statement fails as if the database were unavailable."""

# SQLAlchemy’s own logger, which can log statements.
LOG = logging.getLogger("sqlalchemy.engine.Engine")

__all__ = [
    "Connection",
    "DatabaseError",
    "Engine",
    "engine_options",
    "open_engine",
    "pipelined",
    "prepare",
    "read_snapshot",
    "read_statement",
    "read_transaction",
    "write_transaction",
]


def engine_options(url: str) -> dict[str, Any]:
    """A pool per process; SQLite's own transaction handling is switched off (see `prepare`). No error quotes what was being stored."""
    if url.startswith("sqlite"):
        return {
            "hide_parameters": True,
            "connect_args": {"isolation_level": None, "check_same_thread": False, "timeout": 15},
            "pool_size": 8,
            "max_overflow": 8,
        }
    # Values in the URL take precedence.
    timeouts = {name: value for name, value in POSTGRESQL_TIMEOUTS.items() if name not in make_url(url).query}
    return {"hide_parameters": True, "pool_size": 8, "max_overflow": 8, "connect_args": timeouts}


def open_engine(url: str) -> Engine:
    engine = create_engine(url, **engine_options(url))
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Make connections raise ConfigurationError for a PostgreSQL database that does not store text as UTF8.

    Result rows are never logged, at any log level: `hide_parameters` only hides the parameters of statements.
    """
    LOG.addFilter(_hides_rows)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
    else:
        # Before SQLAlchemy asks for the version: it can’t read the answer in another encoding.
        event.listen(engine, "connect", _refuse_other_encodings, insert=True)
        event.listen(engine, "checkin", _on_checkin)
        event.listen(engine, "checkout", partial(_on_checkout, engine))


@contextmanager
def read_transaction(engine: Engine | Connection) -> Iterator[Connection]:
    """A consistent read without the write lock. For a connection, read within its transaction."""
    if isinstance(engine, Connection):
        yield engine
        return
    with engine.connect() as connection, connection.begin():
        _begin(connection, "BEGIN")
        yield connection


@contextmanager
def read_snapshot(engine: Engine | Connection) -> Iterator[Connection]:
    """Like `read_transaction`, and on PostgreSQL too all statements see the same instant."""
    if isinstance(engine, Engine) and engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with read_transaction(engine) as connection:
        yield connection


@contextmanager
def read_statement(engine: Engine | Connection) -> Iterator[Connection]:
    """For a single statement, which is consistent without a transaction."""
    if isinstance(engine, Connection):
        yield engine
        return
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """A write transaction: committed at the end, rolled back on an exception."""
    with engine.connect() as connection, exclusive_write_lock(engine), connection.begin():
        _begin(connection, "BEGIN IMMEDIATE")
        yield connection


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Send all writes within in one round trip on PostgreSQL. Their results can’t be read."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        is_gone = connection.dialect.is_disconnect(error, driver, None)
        if is_gone:
            connection.invalidate(error)
        any_error = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, error, any_error, hide_parameters=True, connection_invalidated=is_gone) from error


def _hides_rows(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("sha256_hex", 1, _sha256_hex, deterministic=True)


def _sha256_hex(text: str) -> str:
    """PostgreSQL has a function for it."""
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_other_encodings(connection: Any, _record: object) -> None:
    """Another encoding would refuse some names, or store them as bytes that can’t be sorted or searched."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise ConfigurationError(f"The database stores text as {encoding}: create a database with the encoding UTF8.")


def _on_checkin(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["left_at"] = time.monotonic()


def _on_checkout(engine: Engine, connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Check a connection that was idle, and replace it if it has ended. Checking every time would cost a round trip for each transaction."""
    if time.monotonic() - record.info.get("left_at", math.inf) > PING_AFTER_IDLE:
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            raise InvalidatePoolError from gone


def _begin(connection: Connection, how: str) -> None:
    """Not an engine listener: with one, SQLAlchemy looks for listeners at every statement."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(how)
