"""The list of audits, with its counts, at a million beside the same at ten thousand, and beside the page one would write first."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.progress import track

from bench.large_council import fill_council
from bench.result import Result, result
from web.audit_list.queries import AuditFilter, count_by_state, fetch_audits
from web.council import Council
from web.worklist.queries import fetch_actions_waiting, fetch_audits_waiting
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

FEW, MANY, REPEATS = 10_000, 1_000_000, 9
# By who looks and for what; a cursor says how deep the page lies, as a share of all.
PAGES: tuple[tuple[str, str, AuditFilter, float], ...] = (
    ("qa", "first page", AuditFilter(), 0), ("qa", "deep page", AuditFilter(), 0.1), ("qa", "one state", AuditFilter(state="moderated"), 0),
    ("qa", "one team", AuditFilter(team="assessment-east"), 0), ("qa", "Inadequate", AuditFilter(grade="inadequate"), 0),
    ("head.of.service", "first page", AuditFilter(), 0), ("director.safeguarding", "first page", AuditFilter(), 0),
    ("practitioner", "first page", AuditFilter(), 0),
)  # fmt: skip
# Offset, COUNT(*) and a sort by the date that people think of.
NAIVE = (
    "SELECT * FROM audits WHERE shared_at IS NOT NULL ORDER BY audit_on DESC LIMIT 50 OFFSET 900000",
    "SELECT state, count(*) FROM audits WHERE shared_at IS NOT NULL GROUP BY state",
)


def measure_lists() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        few, many = (fill_council(Path(folder) / str(count), count) for count in track((FEW, MANY), "Filling lists"))
        grown = f"at {MANY:,} audits against {FEW:,}"
        return [
            *(_compare(f"P6 the list for {who}, {what}: {grown}", "≤ 1.5", _page(many, who, wanted, at * MANY), _page(few, who, wanted, at * FEW))
              for who, what, wanted, at in PAGES),
            _compare(f"P6 My work for qa: {grown}", "≤ 1.5", _my_work(many, "qa"), _my_work(few, "qa")),
            _compare(f"P6 the naive page and counts at {MANY:,}, against ours", "≥ 100", _naive(many), _page(many, "qa", AuditFilter(), MANY * 0.1)),
        ]  # fmt: skip


def _compare(what: str, goal: str, one: Callable[[], None], other: Callable[[], None]) -> Result:
    ratios = [_seconds(one) / _seconds(other) for _ in range(REPEATS)]
    return result(what, goal, ratios)


def _page(council: Council, who: str, wanted: AuditFilter, cursor: float) -> Callable[[], None]:
    wanted = wanted if not cursor else AuditFilter(cursor=str(int(cursor)))

    def read() -> None:
        reader = _reader(council, who)
        with read_transaction(council.engine) as connection:
            fetch_audits(connection, reader, wanted)
            count_by_state(connection, reader)

    return read


def _my_work(council: Council, who: str) -> Callable[[], None]:
    def read() -> None:
        reader = _reader(council, who)
        with read_transaction(council.engine) as connection:
            fetch_audits_waiting(connection, reader)
            fetch_actions_waiting(connection, reader)

    return read


def _naive(council: Council) -> Callable[[], None]:
    def read() -> None:
        with read_transaction(council.engine) as connection:
            for statement in NAIVE:
                connection.exec_driver_sql(statement).fetchall()

    return read


def _reader(council: Council, name: str) -> VisibilityFilter:
    directory = council.store.directory()
    person = directory.by_email(f"{name}@demo.example")
    assert person is not None
    return VisibilityFilter(person, directory, council.permissions)


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
