"""The queue in which writers wait on SQLite, over all processes: a lock on a file beside the database.

SQLite’s own waiting is a lottery, in which the unlucky wait a second while others write ten times. Whoever dies leaves the queue.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError


class WriteLockError(SQLAlchemyError):
    """There is no queue to stand in."""


@contextmanager
def exclusive_write_lock(engine: Engine) -> Iterator[None]:
    """Opened anew each time, so that the threads of a process wait in the queue as well; raises WriteLockError. PostgreSQL does without."""
    if engine.dialect.name != "sqlite":
        yield
        return
    try:
        file = os.open(f"{engine.url.database}-turn", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WriteLockError(f"no queue beside the database: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
