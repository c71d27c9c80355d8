"""Where the time of a move goes: whose turn it is, looked at every millisecond while audits are shared.

A look costs the move next to nothing, whereas a tracer would weigh each call of Python as much as a statement. It counts for as much of
the processor as was used since the last one, so that other programs of the machine don’t count; what a move waits for, its disk, its
database or a processor, is counted separately. It goes to the innermost frame in a known package; the standard library’s goes to its caller.
"""

import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from bench.databases import Home, open_databases, write_graded_audits
from bench.move_programs import make_share
from bench.move_throughput import POSTGRESQL, SHARED, SQLITE
from bench.result import Result, result

EVERY, BLOCKS, BLOCK, WARM_UP = 0.001, 7, 40, 20
WAITING = "waiting"
# What is under way in SQLAlchemy where the driver is called, and whatever that calls.
CALLS = {"do_commit": "the driver: commit"} | dict.fromkeys(
    ("do_execute", "do_execute_no_params", "do_executemany", "do_ping", "do_rollback", "fetchall"), "the driver: statements"
)
# By a part of the file’s path, the first that fits.
PACKAGES = {
    "/sqlalchemy/": "SQLAlchemy",
    "workflow/storage/engine.py": "the queue of writers, connections",
    "workflow/storage/": "records from rows, rows from records",
    "workflow/history.py": "sealing and hashing",
    "workflow/commands/snapshots.py": "sealing and hashing",
    "notifications/": "who is told",
    "workflow/": "rules: rights, guards, the machine",
    "": "elsewhere",
}
Look = Callable[[int, FrameType | None], None]
Room = Callable[[FrameType | None], str]
Laid = Callable[[list[str]], Callable[[], object]]


def profile_of_a_move() -> list[Result]:
    return [result for database in (SQLITE, POSTGRESQL) for result in profile(f"A move on {database}", database, _sharing, _package_of)]


def _sharing(home: Home) -> Laid:
    share = make_share(home)
    return lambda references: partial(_each, share, references)


def profile(what: str, database: str, opened: Callable[[Home], Laid], room: Room) -> Iterator[Result]:
    """`opened` gives what lays out a block of moves; only when it is done, then, is it looked at."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder,
        open_databases(Path(folder), database) as (home, _),
    ):
        references = write_graded_audits(home, SHARED, WARM_UP + BLOCKS * BLOCK)
        laid = opened(home)
        laid(references[:WARM_UP])()
        blocks = [references[start : start + BLOCK] for start in range(WARM_UP, len(references), BLOCK)]
        seen = [_sample(laid(block), room) for block in blocks]
    yield _result(f"{what}: share of the time that it waits", [block[WAITING] for block in seen])
    shares = {name: [block.get(name, 0) for block in seen] for name in set().union(*seen) - {WAITING}}
    for name, found in sorted(shares.items(), key=lambda item: -statistics.median(item[1])):
        yield _result(f"{what}: share of its work: {name}", found)


def _result(what: str, found: list[float]) -> Result:
    return result(what, "where it goes", found)


def _each(do: Callable[[str], object], items: list[str]) -> None:
    for item in items:
        do(item)


def _sample(do: Callable[[], object], room: Room) -> dict[str, float]:
    """The work of each package as a share of all work, and the waiting as a share of the time."""
    seen, last = dict[str, float](), time.process_time()

    def look(_signal: int, frame: FrameType | None) -> None:
        nonlocal last
        now, where = time.process_time(), room(frame)
        seen[where] = seen.get(where, 0) + now - last
        last = now

    began = time.perf_counter()
    with _every_millisecond(look):
        do()
    took, worked = time.perf_counter() - began, sum(seen.values())
    return {room: spent / worked for room, spent in seen.items()} | {WAITING: 1 - worked / took}


@contextmanager
def _every_millisecond(look: Look) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _package_of(frame: FrameType | None) -> str:
    files = []
    while frame is not None:
        if "/sqlalchemy/" in frame.f_code.co_filename and frame.f_code.co_name in CALLS:
            return CALLS[frame.f_code.co_name]
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    return next(room for file in files for part, room in PACKAGES.items() if part in file and (part or file == files[-1]))
