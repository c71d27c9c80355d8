"""Eight people move audits at once, each in a process of their own: how fairly they share SQLite, and how long each waits.

As a program, with a data folder, the seconds and the audits to move: everything is imported once, each process is a fork of that, and what
each one did is a line of JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from bench.move_throughput import SAMPLE
from bench.result import Result, result
from config.settings import read_settings
from web.cli.demo_audits import read_sample, write_audit
from web.cli.demo_data import load_demo
from web.council import Council, open_council, prepare
from workflow.commands import audit_moves
from workflow.directory import Person

WRITERS, SECONDS, REPEATS = 8, 60, 5


@dataclass
class Did:
    """What one process did: how long each move took, in seconds, and how it was refused."""

    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def run_writers(folder: Path, seconds: float, references: list[str]) -> list[Did]:
    """On the council in `folder`: one writer for each of these audits, which are graded, or shared by a run before."""
    command = [sys.executable, "-m", "bench.writer_fairness", str(folder), str(seconds), *references]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Did(**json.loads(line)) for line in done.stdout.splitlines()]


def measure_writers() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        council = open_council(read_settings({"PRACTICE_AUDIT_DATA": folder}))
        prepare(council)
        load_demo(council, "not signed in with", date.today())
        sample = read_sample(council.settings.config / "demo" / "audits" / f"{SAMPLE}.json")
        references = [write_audit(council, sample, "graded", date.today()) for _ in range(WRITERS)]
        council.engine.dispose()
        runs = [run_writers(Path(folder), SECONDS, references) for _ in range(REPEATS)]
    counts = [[len(one.took) for one in run] for run in runs]
    shares = [min(count) / statistics.mean(count) for count in counts]
    waits = [statistics.quantiles([took for one in run for took in one.took], n=20)[-1] / 0.050 for run in runs]
    who = f"{WRITERS} processes that move audits on SQLite for {SECONDS} s"
    return [
        result(f"P3 {who}: moves of the slowest, share of the mean", "≥ 0.8", shares),
        result(f"P3 {who}: p95, share of 50 ms", "≤ 1", waits),
    ]


def main(folder: str, seconds: str, *references: str) -> None:
    begins, pids = time.monotonic() + 1, []
    for number, reference in enumerate(references):
        if (pid := os.fork()) == 0:
            council = open_council(read_settings({**os.environ, "PRACTICE_AUDIT_DATA": folder}))
            did = _write(council, reference, begins, begins + float(seconds))
            _result_file(folder, number).write_text(json.dumps(asdict(did)), encoding="utf-8")
            os._exit(0)
        pids.append(pid)
    ended = [os.waitpid(pid, 0)[1] for pid in pids]
    # By this one alone: what is longer than a pipe holds would come in pieces, among the others’.
    for number in range(len(references)):
        print(_result_file(folder, number).read_text(encoding="utf-8"))
    sys.exit(any(ended))


def _result_file(folder: str, number: int) -> Path:
    return Path(folder) / f"did-{number}.json"


def _write(council: Council, reference: str, begins: float, ends: float) -> Did:
    """Shares an audit of its own and has it returned, again and again."""
    shares: list[Callable[[], object]] = [
        lambda: audit_moves.share(council.command_context(), _person(council, "auditor"), reference),
        lambda: audit_moves.return_for_correction(council.command_context(), _person(council, "hos.ppqa"), reference, "Again."),
    ]
    audit = council.store.audit(reference)
    assert audit
    return _repeat(shares if audit.state == "graded" else shares[::-1], begins, ends)


def _repeat(do: list[Callable[[], object]], begins: float, ends: float) -> Did:
    did = Did()
    while time.monotonic() < begins:
        time.sleep(0.001)
    while (began := time.monotonic()) < ends:
        try:
            do[len(did.took) % len(do)]()
        except Exception as error:  # noqa: BLE001 (the process that started this reports it)
            did.refused.append(f"{type(error).__name__}: {error}")
            break
        did.took.append(time.monotonic() - began)
    return did


def _person(council: Council, name: str) -> Person:
    person = council.store.directory().by_email(f"{name}@demo.example")
    assert person
    return person


if __name__ == "__main__":
    main(*sys.argv[1:])
