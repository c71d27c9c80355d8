"""Eight people who move audits and eight who read them, at once, each in a process of their own: who waits how long, and who is refused.

As a program, with a data folder, the seconds, the number of readers and the audits to be moved: everything is imported once, each process is a fork of that, and
what each one did is a line of JSON.
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

from bench.a_move import SAMPLE
from bench.result import Result, result
from config.settings import read_settings
from web.audit_list.queries import AuditFilter, fetch_audits
from web.cli.demo_audits import read_sample, write_audit
from web.cli.demo_data import load_demo
from web.council import Council, open_council, prepare
from workflow.commands import audit_moves
from workflow.directory import Person
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

WRITERS, READERS, SECONDS, REPEATS = 8, 8, 60, 5


@dataclass
class Did:
    """What one process did: how long each move or reading took, in seconds, and what it was refused with."""

    kind: str
    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def at_once(folder: Path, seconds: float, references: list[str], readers: int = READERS, **environment: str) -> list[Did]:
    """On the council in `folder`: one writer for each of these audits, which are graded, or shared by a run before."""
    command = [sys.executable, "-m", "bench.writers", str(folder), str(seconds), str(readers), *references]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, **environment})
    return [Did(**json.loads(line)) for line in done.stdout.splitlines()]


def fairness() -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        council = open_council(read_settings({"PRACTICE_AUDIT_DATA": folder}))
        prepare(council)
        load_demo(council, "not signed in with", date.today())
        sample = read_sample(council.settings.config / "demo" / "audits" / f"{SAMPLE}.json")
        references = [write_audit(council, sample, "graded", date.today()) for _ in range(WRITERS)]
        council.engine.dispose()
        runs = [at_once(Path(folder), SECONDS, references, readers=0) for _ in range(REPEATS)]
    counts = [[len(one.took) for one in run] for run in runs]
    shares = [min(count) / statistics.mean(count) for count in counts]
    waits = [statistics.quantiles([took for one in run for took in one.took], n=20)[-1] / 0.050 for run in runs]
    who = f"{WRITERS} processes that move audits on SQLite for {SECONDS} s"
    return [
        result(f"P3 {who}: moves of the slowest, share of the mean", "≥ 0.8", shares),
        result(f"P3 {who}: p95, share of 50 ms", "≤ 1", waits),
    ]


def main(folder: str, seconds: str, readers: str, *references: str) -> None:
    begins, pids = time.monotonic() + 1, []
    roles: list[tuple[Callable[..., Did], str]] = [(_write, reference) for reference in references]
    roles += [(_read, references[number % len(references)]) for number in range(int(readers))]
    for number, (role, reference) in enumerate(roles):
        if (pid := os.fork()) == 0:
            council = open_council(read_settings({**os.environ, "PRACTICE_AUDIT_DATA": folder}))
            did = role(council, reference, begins, begins + float(seconds))
            _said_by(folder, number).write_text(json.dumps(asdict(did)), encoding="utf-8")
            os._exit(0)
        pids.append(pid)
    ended = [os.waitpid(pid, 0)[1] for pid in pids]
    # By this one alone: what is longer than a pipe holds would come in pieces, among the others’.
    for number in range(len(roles)):
        print(_said_by(folder, number).read_text(encoding="utf-8"))
    sys.exit(any(ended))


def _said_by(folder: str, number: int) -> Path:
    return Path(folder) / f"did-{number}.json"


def _write(council: Council, reference: str, begins: float, ends: float) -> Did:
    """Shares an audit of its own and has it returned, again and again."""
    shares: list[Callable[[], object]] = [
        lambda: audit_moves.share(council.command_context(), _person(council, "auditor"), reference),
        lambda: audit_moves.return_for_correction(council.command_context(), _person(council, "hos.ppqa"), reference, "Again."),
    ]
    audit = council.store.audit(reference)
    assert audit
    return _over_and_over("moves", shares if audit.state == "graded" else shares[::-1], begins, ends)


def _read(council: Council, reference: str, begins: float, ends: float) -> Did:
    """Opens the list, then an audit and its history."""

    def look() -> None:
        person = _person(council, "hos.ppqa")
        with read_transaction(council.engine) as connection:
            fetch_audits(connection, VisibilityFilter(person, council.store.directory(), council.permissions), AuditFilter())
        audit = council.store.audit(reference)
        assert audit
        assert len(council.store.history(audit)) >= audit.chain.count

    return _over_and_over("readings", [look], begins, ends)


def _over_and_over(kind: str, do: list[Callable[[], object]], begins: float, ends: float) -> Did:
    did = Did(kind)
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
