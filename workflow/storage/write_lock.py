"""A queue for writers on SQLite, across processes: a lock on a file beside the database.

SQLite’s own waiting has no order: one writer may wait a second while others write ten times. The lock is released when a process exits.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError


class WriteLockError(SQLAlchemyError):
    """The lock file can’t be opened."""


@contextmanager
def exclusive_write_lock(engine: Engine) -> Iterator[None]:
    """Open the file each time, so that threads of one process queue as well. Raises WriteLockError. Does nothing on PostgreSQL."""
    if engine.dialect.name != "sqlite":
        yield
        return
    try:
        file = os.open(f"{engine.url.database}-turn", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WriteLockError(f"the lock file beside the database can’t be opened: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
