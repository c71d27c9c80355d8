"""Fifty auditors at once open the pages of their drafts and write in them, while 50,000 other audits are held.

The server is `practice-audit serve`, in a process of its own. The goals are times, so each row is a share of its time: the p95 of each
window of the run; their median, lowest and highest.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import date
from itertools import chain
from pathlib import Path

from argon2 import PasswordHasher
from rich.progress import track

from bench.auditor_session import DOINGS, PASSWORD, Auditor, Done
from bench.large_council import fill_council
from bench.move_throughput import SAMPLE
from bench.result import Result, result
from web.cli.demo_audits import read_sample, write_audit
from web.council import Council
from workflow.directory import Duty
from workflow.storage.directory_seed import SeedPerson, add_people
from workflow.storage.engine import write_transaction

AUDITS, PEOPLE, WINDOWS = 50_000, 50, 6
# In seconds. Real people pause longer: a page autosaves every three to ten seconds of writing.
PAUSE, WINDOW, WARM_UP, LONGEST_START = 1.0, 6.0, 3.0, 20.0


def measure_pages() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        drafts = _drafts(fill_council(Path(folder), AUDITS))
        with _serve(Path(folder)) as port:
            auditors = [Auditor(port, email, draft) for email, draft in track(drafts.items(), "Signing in")]
            began = time.monotonic() + WARM_UP
            with ThreadPoolExecutor(PEOPLE) as pool:
                done = chain.from_iterable(pool.map(lambda auditor: auditor.work(PAUSE, began + WINDOWS * WINDOW), auditors))
    everything = list(done)
    return [_result(what, _by_window(what, began, everything)) for what in DOINGS]


def _drafts(council: Council) -> dict[str, str]:
    """The address of a draft that is ready to share, by the email of its auditor; each has one of their own."""
    emails, password = [f"auditor.{n}@demo.example" for n in range(PEOPLE)], PasswordHasher().hash(PASSWORD)
    with write_transaction(council.engine) as connection:
        add_people(connection, [SeedPerson(email, email, (Duty("auditor", ""),), password) for email in emails])
    sample = read_sample(council.settings.config / "demo" / "audits" / f"{SAMPLE}.json")
    drafts = {}
    for email in track(emails, "Writing drafts"):
        theirs = {**sample, "expected": {**sample["expected"], "auditor": email}}
        drafts[email] = f"/audits/{write_audit(council, theirs, 'graded', date.today())}"
    council.engine.dispose()
    return drafts


@contextmanager
def _serve(folder: Path) -> Iterator[int]:
    """The port. What the server says goes into a file: a line for every request that waits would slow it down."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {**os.environ, "PRACTICE_AUDIT_DATA": str(folder), "PORT": str(port)}
    log = folder / "server.log"
    with log.open("wb") as said:
        server = subprocess.Popen([Path(sys.executable).with_name("practice-audit"), "serve"], env=environment, stderr=said)
    try:
        assert _answers(port), log.read_text(encoding="utf-8")
        yield port
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        time.sleep(0.1)
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
    return False


def _by_window(what: str, began: float, done: list[Done]) -> list[list[float]]:
    """The seconds it took, in each window."""
    took = [(int((at - began) // WINDOW), seconds) for doing, at, seconds in done if doing == what]
    return [[seconds for at, seconds in took if at == window] for window in range(WINDOWS)]


def _result(what: str, windows: list[list[float]]) -> Result:
    goal = DOINGS[what][1]
    shares = [statistics.quantiles(window, n=20)[-1] / goal for window in windows]
    who = f"{PEOPLE} people who pause {PAUSE:g} s on average, {AUDITS:,} audits"
    return result(f"P9 {what}, p95, {who}: share of {goal * 1000:g} ms", "≤ 1", shares)
