"""The minute’s sweep: at a million actions beside ten thousand, with much due beside little, and beside the scan one would write first."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from rich.progress import track
from sqlalchemy import create_engine, event, select

from bench.large_council import copy_to_postgresql, fill_council
from bench.postgres import create_database, postgres_server
from bench.result import Result, result
from notifications.queries import OF_ACTIONS, enqueue
from notifications.reminders.action_reminders import action_to_check, reminders
from notifications.scheduling.worker import sweep
from web.council import Council
from workflow.events import Notice
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import actions, audits, outbox

Run = tuple[float, float, float, float]
FEW, MANY, LITTLE, MUCH, REPEATS = 10_000, 1_000_000, 100, 10_000, 5
NOW, TODAY = datetime(2026, 12, 1, 9, tzinfo=UTC), date(2026, 12, 1)
# Every action that is held is open, and due in the year to come.
ALL_OPEN = (
    "UPDATE actions SET state = 'open', due_on = date('2026-12-20', (audit_id % 365) || ' days')",
    "UPDATE actions SET remind_on = date(due_on, '-7 days')",
    "ANALYZE",
)
# What is held, newest first: whatever number is held, the same number is due. Of four actions one in a week, one today, two are late.
DUE = {
    "actions": "UPDATE actions SET state = 'open', remind_on = '2026-12-01', due_on = CASE audit_id & 3"
    " WHEN 0 THEN DATE('2026-12-08') WHEN 1 THEN DATE('2026-12-01') ELSE DATE('2026-11-30') END WHERE number = 1 AND audit_id IN"
    " (SELECT id FROM audits ORDER BY id DESC LIMIT {})",
    "audits": "UPDATE audits SET look_on = '2026-12-01' WHERE state = 'actions_closed' AND id IN (SELECT id FROM audits ORDER BY id LIMIT {})",
    "windows": "UPDATE audits SET re_audit_prompt_on = '2026-12-01' WHERE id IN (SELECT id FROM audits ORDER BY id DESC LIMIT {})",
}  # fmt: skip
FORGET = ("DELETE FROM outbox", "DELETE FROM notices")
# So that no sweep pays for what was made ready for it.
SETTLE = {"sqlite": "PRAGMA wal_checkpoint(TRUNCATE)", "postgresql": "VACUUM ANALYZE outbox, notices, actions"}
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def measure_sweeps() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        embedded = [_all_open(Path(folder) / f"{count}", count) for count in track((FEW, MANY), "Filling actions")]
        server = stack.enter_context(postgres_server(Path(folder) / "postgres"))
        urls = [create_database(server) for _ in embedded]
        served = [copy_to_postgresql(council, url) for council, url in track([*zip(embedded, urls, strict=True)], "Moving to PostgreSQL")]
        for council in (*embedded, *served):
            sweep(council.worker_context, NOW)
        runs = [[_run(*councils) for councils in (embedded, served)] for _ in track(range(REPEATS), "Sweeping")]
        for council in served:
            council.engine.dispose()
    return [row for name, of_one in zip(DATABASES.values(), zip(*runs, strict=True), strict=True) for row in _rows(name, of_one)]


def _all_open(folder: Path, count: int) -> Council:
    council = fill_council(folder, count)
    for statement in ALL_OPEN:
        with write_transaction(council.engine) as connection:
            connection.exec_driver_sql(statement)
    return council


def _rows(database: str, runs: Sequence[Run]) -> list[Result]:
    grown, linear, naive, locked = zip(*runs, strict=True)
    return [
        result(f"P5 the minute’s sweep on {database}, {LITTLE} due: at {MANY:,} open actions against {FEW:,}", "≤ 1.5", grown),
        result(f"P5 on {database}, {MUCH:,} due against {LITTLE * 10:,}, as a share of what is due", "≤ 1.2", linear),
        result(f"P5 on {database}, the naive scan of {MANY:,} open actions, against ours with {MUCH:,} due", "≥ 30", naive),
        result(f"P5 on {database}, the longest write lock with {MUCH:,} due: share of 50 ms", "≤ 1", locked),
    ]


def _run(few: Council, many: Council) -> Run:
    grown = _due_and_seconds(many, LITTLE)[0] / _due_and_seconds(few, LITTLE)[0]
    tenth = _due_and_seconds(many, LITTLE * 10)[0]
    much, locked = _due_and_seconds(many, MUCH)
    told = _enqueued(many)
    make_due(many, "actions", MUCH)
    naive = _seconds(lambda: _naive(many))
    assert _enqueued(many) == told, "both tell the same, of what is due and of nothing else"
    # What the naive scan sent is still due to be checked.
    run_sweep(many)
    return grown, much / tenth / (MUCH / LITTLE / 10), naive / much, locked / 0.05


def make_due(council: Council, kind: str, count: int) -> None:
    with write_transaction(council.engine) as connection:
        for statement in (*FORGET, DUE[kind].format(count)):
            connection.exec_driver_sql(statement)
    alone = create_engine(council.settings.database_url, isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        connection.exec_driver_sql(SETTLE[alone.dialect.name])
    alone.dispose()


def run_sweep(council: Council) -> None:
    sweep(council.worker_context, NOW)


def _due_and_seconds(council: Council, count: int) -> tuple[float, float]:
    make_due(council, "actions", count)
    with _longest_lock(council) as longest:
        return _seconds(lambda: run_sweep(council)), max(longest, default=0)


@contextmanager
def _longest_lock(council: Council) -> Iterator[list[float]]:
    """Seconds between each transaction’s taking of the write lock and the end of its commit."""
    held, began = list[float](), list[float]()

    def begin(_c: object, _cursor: object, statement: str, *_: object) -> None:
        # PostgreSQL locks the rows that are read to be changed.
        if statement == "BEGIN IMMEDIATE" or "FOR UPDATE" in statement:
            began.append(time.perf_counter())

    def end(*_: object) -> None:
        # Given back once it is committed, so that the writing to disk counts.
        if began:
            held.append(time.perf_counter() - began.pop())

    event.listen(council.engine, "before_cursor_execute", begin)
    event.listen(council.engine, "checkin", end)
    yield held
    event.remove(council.engine, "before_cursor_execute", begin)
    event.remove(council.engine, "checkin", end)


def _enqueued(council: Council) -> set[tuple[str, int]]:
    with read_transaction(council.engine) as connection:
        return {(row.key, row.recipient) for row in connection.execute(select(outbox.c.key, outbox.c.recipient))}


def _naive(council: Council) -> None:
    """The obvious way: load every open action, apply the sweep’s own rules to each for today, and send the reminders.

    It does less than the sweep: one commit for all, no next check days, only actions.
    """
    directory, clocks = council.store.directory(NOW), council.notification_policy.clocks
    everything = select(*OF_ACTIONS).join(audits, audits.c.id == actions.c.audit_id).where(actions.c.state == "open")
    with read_transaction(council.engine) as connection:
        rows = connection.execute(everything).all()
    notices: list[Notice] = []
    for row in rows:
        notices += reminders(action_to_check(row, since=TODAY), TODAY, clocks, directory)
    enqueue(council.engine, notices, NOW)


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began
