"""How soon `practice-audit serve` answers, what it holds of the memory after 10,000 requests, and after a quarter as many again.

The start is warm: the program was started before. The goals are a time and a size, so each row is a share of it. The requests are an
auditor’s, signed in: pages of a draft, reads that are logged, and what is written in it. On both databases at once, one web process each. What still
grows then is SQLite’s own cache of pages, 2 MB a connection at most: no object of Python is left over.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from itertools import cycle, islice
from pathlib import Path

from rich.progress import track

from bench.auditor_session import DOINGS, PASSWORD, Auditor
from bench.databases import Home, open_databases
from bench.http_client import Browser
from bench.move_throughput import POSTGRESQL, SAMPLE, SQLITE
from bench.post_servers import children_of
from bench.post_throughput import SERVE
from bench.processes import PROGRAM, free_port
from bench.result import Result, result
from web.cli.demo_audits import read_sample, write_audit
from web.cli.demo_data import load_people
from web.council import prepare

STARTS, SOON, LONGEST = 5, 2.0, 60.0
PERSON = "auditor@demo.example"
REQUESTS, MORE, MOST_KB = 10_000, 2_500, 150 * 1024


def measure_start_and_memory() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder, ExitStack() as stack:
        homes = {kind: stack.enter_context(open_databases(_make_folder(Path(folder) / kind), kind))[0] for kind in (SQLITE, POSTGRESQL)}
        drafts = {kind: _write_draft(home) for kind, home in homes.items()}
        starts = [_measure_start(kind, home) for kind, home in homes.items()]
        with ThreadPoolExecutor() as pool:
            held = pool.map(lambda kind: _measure_memory(homes[kind], kind, drafts[kind]), homes)
            return starts + [row for rows in held for row in rows]


def _make_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _write_draft(home: Home) -> str:
    council = home.opened()
    prepare(council)
    load_people(council, PASSWORD)
    reference = write_audit(council, read_sample(council.settings.config / "demo" / "audits" / f"{SAMPLE}.json"), "graded", date.today())
    council.engine.dispose()
    return f"/audits/{reference}"


def _measure_start(kind: str, home: Home) -> Result:
    shares = []
    for _ in track(range(STARTS + 1), f"Starting on {kind}"):
        began = time.perf_counter()
        with _serve(kind, home):
            shares.append((time.perf_counter() - began) / SOON)
    warm = shares[1:]
    what = f"P8 `practice-audit serve` on {kind}, until a page is answered: share of {SOON:g} s"
    return result(what, "≤ 1", warm)


@contextmanager
def _serve(kind: str, home: Home) -> Iterator[tuple[int, int]]:
    """Port and process, as soon as the page of signing in is there."""
    port = free_port()
    with (home.folder / "server.log").open("ab") as said:
        server = subprocess.Popen([*PROGRAM, *SERVE[kind]], env={**os.environ, **home.settings, "PORT": str(port)}, stderr=said)
    try:
        until = time.monotonic() + LONGEST
        while not _answers(port):
            assert time.monotonic() < until, "it does not start"
            time.sleep(0.01)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    with suppress(ConnectionError):
        browser = Browser(port)
        browser.opened("/sign-in")
        browser.close()
        return True
    return False


def _measure_memory(home: Home, kind: str, draft: str) -> list[Result]:
    with _serve(kind, home) as (port, pid):
        auditor = Auditor(port, PERSON, draft)
        for doing in islice(cycle(DOINGS), REQUESTS):
            auditor.do(doing)
        before = _kilobytes(pid)
        for doing in islice(cycle(DOINGS), MORE):
            auditor.do(doing)
        after = _kilobytes(pid)
    what = f"P8 a web process on {kind}"
    share, growth = before / MOST_KB, after / before
    return [
        result(f"{what}, memory after {REQUESTS:,} requests: share of 150 MB", "≤ 1", [share]),
        result(f"{what}, memory after {MORE:,} more: against before", "≤ 1.02", [growth]),
    ]


def _kilobytes(pid: int) -> int:
    """Resident, what is shared with others too: of the process that answers, which gunicorn’s first has begun."""
    status = Path(f"/proc/{next(iter(children_of(pid)), pid)}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
