"""Opening the database. Readers never wait for writers; a writer takes the write lock when it begins, never half-way."""

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

# Seconds, but for the last, which is milliseconds: a machine that vanished answers no more than one that hangs.
POSTGRESQL_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

PING_AFTER_IDLE = 1.0
"""Seconds in which a connection may end unseen: then one statement fails, is answered as while the database is away, and all are made anew."""

# Its name in the library, by whose lines statements can be followed.
LOG = logging.getLogger("sqlalchemy.engine.Engine")

__all__ = [
    "Connection",
    "DatabaseError",
    "Engine",
    "engine_options",
    "open_engine",
    "pipelined",
    "prepare",
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
    # What the address itself says of them holds.
    patience = {name: value for name, value in POSTGRESQL_PATIENCE.items() if name not in make_url(url).query}
    return {"hide_parameters": True, "pool_size": 8, "max_overflow": 8, "connect_args": patience}


def open_engine(url: str) -> Engine:
    engine = create_engine(url, **engine_options(url))
    prepare(engine)
    return engine


def prepare(engine: Engine) -> None:
    """Raise ConfigurationError at the first connection to a PostgreSQL that keeps text in anything but UTF8.

    No line of a log shows a row, however much the library is asked to say: `hide_parameters` is about what goes in alone.
    """
    LOG.addFilter(_hides_rows)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
    else:
        # Before the library asks for the version, whose answer it can’t read there.
        event.listen(engine, "connect", _refuse_other_encodings, insert=True)
        event.listen(engine, "checkin", _on_checkin)
        event.listen(engine, "checkout", partial(_on_checkout, engine))


@contextmanager
def read_transaction(engine: Engine | Connection) -> Iterator[Connection]:
    """One consistent reading, without the write lock; or within the transaction that a connection is in, where one is given."""
    if isinstance(engine, Connection):
        yield engine
        return
    with engine.connect() as connection, connection.begin():
        _begin(connection, "BEGIN")
        yield connection


@contextmanager
def read_statement(engine: Engine | Connection) -> Iterator[Connection]:
    """For one statement: it is a consistent reading by itself, so that no transaction need be begun and ended for it."""
    if isinstance(engine, Connection):
        yield engine
        return
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """One writing transaction, committed at the end, or rolled back where anything was raised."""
    with engine.connect() as connection, exclusive_write_lock(engine), connection.begin():
        _begin(connection, "BEGIN IMMEDIATE")
        yield connection


@contextmanager
def pipelined(connection: Connection) -> Iterator[None]:
    """Of what is written within, no answer is waited for before the end, and none can be read: on PostgreSQL one round trip for all of it."""
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
        of_all = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, error, of_all, hide_parameters=True, connection_invalidated=is_gone) from error


def _hides_rows(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _refuse_other_encodings(connection: Any, _record: object) -> None:
    """Names would be refused there, or kept as bytes that nobody can order or search."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise ConfigurationError(f"The database keeps text as {encoding}: make one with the encoding UTF8.")


def _on_checkin(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["left_at"] = time.monotonic()


def _on_checkout(engine: Engine, connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """One that was idle is asked whether it is still there, and made anew where it is not. Asking each time is a round trip for each transaction."""
    if time.monotonic() - record.info.get("left_at", math.inf) > PING_AFTER_IDLE:
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as gone:
            raise InvalidatePoolError from gone


def _begin(connection: Connection, how: str) -> None:
    """Said here and not by a listener of the engine’s: where there is one, each statement asks for listeners of its own."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(how)
