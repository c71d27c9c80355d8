"""The minute’s sweep: at a million actions beside ten thousand, with much due beside little, and beside the scan one would write first."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from rich.progress import track
from sqlalchemy import event, select

from bench.a_move import Result
from bench.filling import filled
from notifications.reminders import Due, look_again_on, reminders
from notifications.worker import sweep
from web.council import Council
from workflow.storage.engine import Connection, reading, writing
from workflow.storage.tables import actions, audits

FEW, MANY, LITTLE, MUCH, REPEATS = 10_000, 1_000_000, 100, 10_000, 5
NOW, TODAY = datetime(2026, 12, 1, 9, tzinfo=UTC), date(2026, 12, 1)
# What is held, newest first: whatever number is held, the same number is due.
DUE = {
    "actions": "UPDATE actions SET state = 'open', remind_on = '2026-12-01', due_on = '2026-11-30' WHERE number = 1 AND audit_id IN"
    " (SELECT id FROM audits ORDER BY id DESC LIMIT {})",
    "audits": "UPDATE audits SET look_on = '2026-12-01' WHERE state = 'actions_closed' AND id IN (SELECT id FROM audits ORDER BY id LIMIT {})",
}  # fmt: skip
FORGET = ("DELETE FROM outbox", "DELETE FROM notices")


def growth_of_the_sweep() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        few, many = (filled(Path(folder) / str(count), count) for count in track((FEW, MANY), "Filling actions"))
        for council in (few, many):
            sweep(council.parts, NOW)
        runs = [_run(few, many) for _ in track(range(REPEATS), "Sweeping")]
    grown, linear, naive, locked = (list(column) for column in zip(*runs, strict=True))
    return [
        _result(f"P5 the minute’s sweep, {LITTLE} due: at {MANY:,} actions against {FEW:,}", "≤ 1.5", grown),
        _result(f"P5 {MUCH:,} due against {LITTLE * 10:,}, as a share of what is due", "≤ 1.2", linear),
        _result(f"P5 the naive scan of {MANY:,} actions, against ours with {MUCH:,} due", "≥ 30", naive),
        _result(f"P5 the longest write lock with {MUCH:,} due: share of 50 ms", "≤ 1", locked),
    ]


def _run(few: Council, many: Council) -> tuple[float, float, float, float]:
    grown = _due_and_seconds(many, LITTLE)[0] / _due_and_seconds(few, LITTLE)[0]
    tenth = _due_and_seconds(many, LITTLE * 10)[0]
    much, locked = _due_and_seconds(many, MUCH)
    return grown, much / tenth / (MUCH / LITTLE / 10), _seconds(lambda: _naive(many)) / much, locked / 0.05


def due(council: Council, kind: str, count: int) -> None:
    with writing(council.engine) as connection:
        for statement in (*FORGET, DUE[kind].format(count)):
            connection.exec_driver_sql(statement)


def look(council: Council) -> None:
    sweep(council.parts, NOW)


def _due_and_seconds(council: Council, count: int) -> tuple[float, float]:
    due(council, "actions", count)
    with _longest_lock(council) as longest:
        return _seconds(lambda: look(council)), max(longest, default=0)


@contextmanager
def _longest_lock(council: Council) -> Iterator[list[float]]:
    """Seconds between each transaction’s taking of the write lock and the end of its commit."""
    held, began = list[float](), list[float]()

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            began.append(time.perf_counter())

    def end(*_: object) -> None:
        # Given back once it is committed, so that the writing to disk counts.
        if began:
            held.append(time.perf_counter() - began.pop())

    event.listen(council.engine, "begin", begin)
    event.listen(council.engine, "checkin", end)
    yield held
    event.remove(council.engine, "begin", begin)
    event.remove(council.engine, "checkin", end)


def _naive(council: Council) -> None:
    """Read every action, and ask of each whether it is open and to be told of today."""
    directory, clocks = council.store.directory(), council.who_hears.clocks
    people = (audits.c.team, audits.c.team_manager_id, audits.c.service_manager_id, audits.c.child_id)
    everything = select(actions, audits.c.reference, *people).join(audits, audits.c.id == actions.c.audit_id)
    with reading(council.engine) as connection:
        rows = connection.execute(everything).all()
    for row in rows:
        action = Due(row.reference, row.number, row.due_on, row.due_on, row.owner_id, *(row._mapping[column] for column in people))
        if row.state == "open" and reminders(action, TODAY, clocks, directory):
            look_again_on(row.due_on, TODAY, clocks)


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _result(what: str, goal: str, ratios: list[float]) -> Result:
    return Result(what, goal, statistics.median(ratios), min(ratios), max(ratios))
