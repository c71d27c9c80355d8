"""A move, all rules on, against its limit: the very same statements through the bare driver, with no rules and nothing else.

Three copies of one database: on the first `share` runs while its statements are written down; the bare driver repeats them on the
second; the service shares again on the third. Blocks of both take turns.
"""

import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import track
from sqlalchemy import event

from config.settings import read_settings
from web.council import Council, open_council, prepare
from web.demo import load_demo, read_sample, walk
from workflow.commands import moves
from workflow.people import Person
from workflow.storage.engine import SQLITE_PRAGMAS

BLOCKS, BLOCK, WARM_UP = 7, 40, 10
SAMPLE = "01-neglect-at-home"
Statement = tuple[str, Any, bool]


@dataclass(frozen=True, slots=True)
class Result:
    what: str
    goal: str
    median: float
    low: float
    high: float


def share_of_the_limit() -> Result:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours, bare = _contestants(Path(folder))
        ratios = [_seconds(bare) / _seconds(ours) for _ in track(range(BLOCKS), "Sharing audits")]
    return Result(
        "P1 a move on SQLite FULL, one process: share of the bare driver", "≥ 0.40", statistics.median(ratios), min(ratios), max(ratios)
    )


def _seconds(block: Callable[[], None]) -> float:
    began = time.perf_counter()
    block()
    return time.perf_counter() - began


def _contestants(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    council, references = _prepared(folder / "first")
    auditor = _auditor(council)
    _checkpoint(council)
    for name in ("second", "third"):
        shutil.copytree(folder / "first", folder / name)
    written = [_statements_of(council, partial(_share, council, auditor, reference)) for reference in references]
    timed = _opened(folder / "third")
    shared = _blocks(references, partial(_share, timed, auditor))
    connection = _bare(folder / "second")
    repeated = _blocks(written, lambda statements: _repeat(connection, statements))
    return lambda: next(shared), lambda: next(repeated)


def _share(council: Council, auditor: Person, reference: str) -> None:
    moves.share(council.desk(), auditor, reference)


def _blocks(items: list[Any], do: Callable[[Any], object]) -> Iterator[None]:
    for item in items[:WARM_UP]:
        do(item)
    for start in range(WARM_UP, len(items), BLOCK):
        for item in items[start : start + BLOCK]:
            do(item)
        yield


def _prepared(folder: Path) -> tuple[Council, list[str]]:
    council = _opened(folder)
    prepare(council)
    load_demo(council, "not signed in with", date.today())
    sample = read_sample(council.settings.config / "demo" / "audits" / f"{SAMPLE}.json")
    count = WARM_UP + BLOCKS * BLOCK
    return council, [walk(council, sample, "graded", date.today()) for _ in track(range(count), "Writing audits")]


def _opened(folder: Path) -> Council:
    return open_council(read_settings({"PRACTICE_AUDIT_DATA": str(folder)}))


def _auditor(council: Council) -> Any:
    return council.store.directory().by_email("auditor@demo.example")


def _checkpoint(council: Council) -> None:
    with council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    council.engine.dispose()


def _statements_of(council: Council, run: Callable[[], object]) -> list[Statement]:
    found: list[Statement] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        found.append((statement, parameters, many))

    listener = (council.engine, "before_cursor_execute", note)
    event.listen(*listener)
    try:
        run()
    finally:
        event.remove(*listener)
    return found


def _bare(folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "practice-audit.db", isolation_level=None)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _repeat(connection: sqlite3.Connection, statements: list[Statement]) -> None:
    """BEGIN and BEGIN IMMEDIATE are among the statements; each transaction ends where the next begins."""
    for statement, parameters, many in statements:
        if statement.startswith("BEGIN") and connection.in_transaction:
            connection.execute("COMMIT")
        if many:
            connection.executemany(statement, parameters)
        else:
            connection.execute(statement, parameters or ()).fetchall()
    connection.execute("COMMIT")
