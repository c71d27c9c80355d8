"""Processes that move audits and processes that read them, at once, on one council.

Run as a program with a data folder, the seconds, the number of readers and the audits to move: everything is imported once, each process
is a fork of that, and the last lines are what each did, as JSON.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path

from config.settings import read_settings
from tests.factories import a_world
from web.audit_list.queries import AuditFilter, fetch_audits
from web.council import Council, open_council
from workflow.commands import audit_moves
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter


@dataclass
class Work:
    """What one process did: how long each move or reading took, in seconds, and how it was refused."""

    kind: str
    seconds: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


def run_processes(folder: Path, seconds: float, references: Sequence[str], readers: int) -> list[Work]:
    """One writer for each of these audits, which are graded."""
    command = [
        sys.executable,
        "-m",
        "tests.workflow.storage.support.writers_and_readers",
        str(folder),
        str(seconds),
        str(readers),
        *references,
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Work(**json.loads(line)) for line in done.stdout.splitlines()]


def _main(folder: str, seconds: str, readers: str, *references: str) -> None:
    begins = time.monotonic() + 1
    roles = [(_write, reference) for reference in references]
    roles += [(_read, references[number % len(references)]) for number in range(int(readers))]
    files = [Path(folder) / f"process-{number}.json" for number in range(len(roles))]
    pids = []
    for file, (role, reference) in zip(files, roles, strict=True):
        if (pid := os.fork()) == 0:
            work = role(
                open_council(read_settings({**os.environ, "PRACTICE_AUDIT_DATA": folder})), reference, begins, begins + float(seconds)
            )
            file.write_text(json.dumps(asdict(work)), encoding="utf-8")
            os._exit(0)
        pids.append(pid)
    failed = [pid for pid in pids if os.waitpid(pid, 0)[1]]
    for file in files:
        print(file.read_text(encoding="utf-8"))
    sys.exit(bool(failed))


def _write(council: Council, reference: str, begins: float, ends: float) -> Work:
    """Share the audit and have it returned, again and again."""
    world = a_world(council)

    def share() -> None:
        audit_moves.share(council.command_context(), world.person("auditor"), reference)

    def send_back() -> None:
        audit_moves.return_for_correction(council.command_context(), world.person("hos.ppqa"), reference, "Again.")

    return _repeat("moves", [share, send_back], begins, ends)


def _read(council: Council, reference: str, begins: float, ends: float) -> Work:
    """Open the list, then an audit and its history."""
    world = a_world(council)

    def read() -> None:
        with read_transaction(council.engine) as connection:
            visible = VisibilityFilter(world.person("hos.ppqa"), council.store.directory(), council.permissions)
            fetch_audits(connection, visible, AuditFilter())
        audit = world.audit(reference)
        assert len(council.store.history(audit)) >= audit.chain.count

    return _repeat("readings", [read], begins, ends)


def _repeat(kind: str, steps: Sequence[Callable[[], object]], begins: float, ends: float) -> Work:
    work = Work(kind)
    time.sleep(max(0.0, begins - time.monotonic()))
    for step in cycle(steps):
        if (began := time.monotonic()) >= ends:
            break
        try:
            step()
        except Exception as error:  # noqa: BLE001 (the test reports it)
            work.refusals.append(f"{type(error).__name__}: {error}")
            break
        work.seconds.append(time.monotonic() - began)
    return work


if __name__ == "__main__":
    _main(*sys.argv[1:])
