"""Which database errors mean that the database is unavailable, or that its disk is full."""

import sqlite3

from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import SQLAlchemyError as DatabaseError
from sqlalchemy.exc import TimeoutError as NoneFree

from workflow.errors import DatabaseUnavailable, DiskFull, Refusal
from workflow.storage.write_lock import WriteLockError

# SQLSTATE or its beginning: connection errors, too many connections, shutdown, start-up, a read-only replica, disk errors.
POSTGRESQL_UNAVAILABLE = ("08", "53", "57P", "58", "25006")
POSTGRESQL_FULL = "53100"
SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOTADB,
}  # fmt: skip


def refusal_of(error: DatabaseError) -> Refusal | None:
    """Return None for a bug, such as a wrong statement."""
    if isinstance(error, WriteLockError | NoneFree | PendingRollbackError):
        return DatabaseUnavailable()
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _by_sqlite(error.orig)
    return _by_postgresql(error)


def _by_sqlite(error: sqlite3.Error) -> Refusal | None:
    # The lower byte is the primary code, the rest the extended one.
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if kind == sqlite3.SQLITE_FULL:
        return DiskFull()
    return DatabaseUnavailable() if kind in SQLITE_UNAVAILABLE else None


def _by_postgresql(error: DBAPIError) -> Refusal | None:
    code = getattr(error.orig, "sqlstate", None)
    if code == POSTGRESQL_FULL:
        return DiskFull()
    # Without a code: the server was not reached, or the connection was cut during the statement.
    is_unreached = code is None and type(error).__name__ in {"OperationalError", "InterfaceError"}
    is_unavailable = error.connection_invalidated or is_unreached or (code or "").startswith(POSTGRESQL_UNAVAILABLE)
    return DatabaseUnavailable() if is_unavailable else None
