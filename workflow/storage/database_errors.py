"""The one place that knows by which errors a database says that it is away, or that its disk is full."""

import sqlite3

from sqlalchemy.exc import DBAPIError, PendingRollbackError
from sqlalchemy.exc import SQLAlchemyError as DatabaseError
from sqlalchemy.exc import TimeoutError as NoneFree

from workflow.errors import DatabaseUnavailable, DiskFull, Refusal
from workflow.storage.write_lock import WriteLockError

# By its first two letters or in whole: connections, too many of them, shut down, starting, another’s copy that only reads, its disk fails.
POSTGRESQL_AWAY = ("08", "53", "57P", "58", "25006")
POSTGRESQL_FULL = "53100"
SQLITE_AWAY = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_NOTADB,
}  # fmt: skip


def refusal_of(error: DatabaseError) -> Refusal | None:
    """None for what is a fault of ours, such as a statement that is wrong."""
    if isinstance(error, WriteLockError | NoneFree | PendingRollbackError):
        return DatabaseUnavailable()
    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, sqlite3.Error):
        return _by_sqlite(error.orig)
    return _by_postgresql(error)


def _by_sqlite(said: sqlite3.Error) -> Refusal | None:
    # The lower byte is the kind, the rest says which of it.
    kind = getattr(said, "sqlite_errorcode", 0) & 0xFF
    if kind == sqlite3.SQLITE_FULL:
        return DiskFull()
    return DatabaseUnavailable() if kind in SQLITE_AWAY else None


def _by_postgresql(error: DBAPIError) -> Refusal | None:
    said = getattr(error.orig, "sqlstate", None)
    if said == POSTGRESQL_FULL:
        return DiskFull()
    # Without a code the server was not reached, or the connection was cut while it was asked.
    is_unreached = said is None and type(error).__name__ in {"OperationalError", "InterfaceError"}
    is_away = error.connection_invalidated or is_unreached or (said or "").startswith(POSTGRESQL_AWAY)
    return DatabaseUnavailable() if is_away else None
