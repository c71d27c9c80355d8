"""Makes the embedded database unavailable, or its disk full, for the length of a block."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from web.council import Council
from workflow.storage.engine import read_transaction


@contextmanager
def away(council: Council) -> Iterator[None]:
    """Its file is not there, as on a disk that fell off; nothing is open any more."""
    council.engine.dispose()
    file = council.settings.data / "practice-audit.db"
    for kind in ("", "-wal", "-shm"):
        if file.with_name(file.name + kind).exists():
            file.with_name(file.name + kind).rename(file.with_name(f"away{kind}"))
    file.mkdir()
    yield
    council.engine.dispose()
    file.rmdir()
    for kind in ("", "-wal", "-shm"):
        if file.with_name(f"away{kind}").exists():
            file.with_name(f"away{kind}").rename(file.with_name(file.name + kind))


@contextmanager
def full(council: Council) -> Iterator[None]:
    """Not one page more fits into it, as SQLite itself then says."""
    with read_transaction(council.engine) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")  # type: ignore[attr-defined]

    event.listen(council.engine, "connect", limit)
    council.engine.dispose()
    yield
    event.remove(council.engine, "connect", limit)
    council.engine.dispose()
