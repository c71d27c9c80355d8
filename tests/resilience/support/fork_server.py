"""A process of which every worker that is to die is a fork: everything is imported and wired once, so that a life costs milliseconds.

Run as a program, it reads a job a line from its standard input, and answers each with how the child ended and what it came by.
"""

import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from notifications.context import WorkerContext
from notifications.delivery.sender import deliver
from notifications.scheduling.sweep import tick
from notifications.scheduling.worker import open_channel, run_once
from tests.factories import settings
from tests.resilience.support.crash_points import CrashPoints, watch_smtp, watch_statements
from tests.resilience.support.every_transition import TRANSITIONS, VARIANTS, Key
from web.council import Council, open_council
from workflow.commands.context import CommandContext
from workflow.commands.idempotency import run_idempotent
from workflow.models import Audit
from workflow.ports import IdempotentRequest
from workflow.storage.engine import Engine, open_engine
from workflow.storage.form_versions import StoredForms
from workflow.storage.store import SqlStore

# In memory where the machine has such a folder: a process that dies loses nothing of what it wrote, only a machine would.
IN_MEMORY = Path("/dev/shm")
ALL_TRANSITIONS = {**TRANSITIONS, **VARIANTS}


def a_memory_folder(beside: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix="crash-", dir=IN_MEMORY if IN_MEMORY.is_dir() else beside))


@cache
def _wired() -> Council:
    with tempfile.TemporaryDirectory() as folder:
        return open_council(settings(Path(folder)))


def reopen_council(folder: Path, mail_url: str) -> Council:
    """As after a restart: no connection to the file is left, and nothing is remembered but how statements are written in SQL."""
    was, named = _wired(), settings(folder, MAIL_URL=mail_url)
    engine = _engine(named.database_url)
    engine.dispose()
    store, forms = SqlStore(engine, was.rules.stand_ins), StoredForms(engine, was.forms.current)
    return replace(was, settings=named, engine=engine, store=store, forms=forms)


@cache
def _engine(url: str) -> Engine:
    return open_engine(url)


# --- What is done ----------------------------------------------------------------------------------------------------


def make_the_move(council: Council, key: Key, reference: str, now: datetime) -> str:
    """Under an Idempotency-Key, as the JSON interface makes it; returns the answer to the first request."""
    transition = ALL_TRANSITIONS[key]
    who = council.store.directory(now).by_email(f"{transition.by}@demo.example")
    assert who is not None
    once = IdempotentRequest(
        who.id, "the-key", "the same request", lambda audit: f"{audit.version} {audit.state} {audit.escalation_state}", str, str
    )

    def run(context: CommandContext) -> Audit:
        transition.does(context, who, reference)
        audit = council.store.audit(reference)
        assert audit is not None
        return audit

    with pytest.MonkeyPatch.context() as patch:
        # Of the row of history: what was written before a process died is compared with what another writes.
        patch.setattr("workflow.commands.context.secrets.token_hex", lambda size: "0" * 2 * size)
        return run_idempotent(council.command_context(now), once, run)


def send(context: WorkerContext, now: datetime) -> None:
    channel = open_channel(context.settings)
    deliver(context, channel, "the first", lambda: now)
    channel.close()


JOBS: Mapping[str, Callable[[WorkerContext, datetime], object]] = {"send": send, "tick": tick, "run_once": run_once}


# --- The processes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    code: int
    died_at: str
    passed: list[str]


class ForkServer:
    """The parent of all that die, and what it is asked for."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.resilience.support.fork_server"]
        self.parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, folder: Path, mail_url: str, now: datetime, ends_at: int | None = None, **job: Any) -> Outcome:
        """`job` is a `key` and a `reference`, or what `does` names; it ends at that point, or at its own end."""
        assert self.parent.stdin
        assert self.parent.stdout
        line = {"folder": str(folder), "mail_url": mail_url, "now": now.isoformat(), "ends_at": ends_at, **job}
        print(json.dumps(line), file=self.parent.stdin, flush=True)
        return Outcome(**json.loads(self.parent.stdout.readline()))

    def rehearse(self, folder: Path, now: datetime, **job: Any) -> None:
        """Done once by the parent, so that no child needs to do it again."""
        self.run(folder, f"folder:{folder / 'mail'}", now, is_rehearsal=True, **job)

    def stop(self) -> None:
        self.parent.communicate()


def main() -> None:
    _wired()
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        if job.get("is_rehearsal"):
            _do(job, reopen_council(Path(job["folder"]), job["mail_url"]))
            gc.freeze()
        hears, tells = os.pipe()
        child = os.fork()
        if child == 0:
            _live(job, tells)
        os.close(tells)
        with os.fdopen(hears, "rb") as said:
            told = said.read()
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), **json.loads(told or '{"died_at": "", "passed": []}')}), flush=True)


def _live(job: dict[str, Any], tells: int) -> None:
    try:
        points = CrashPoints(job["ends_at"], tells)
        council = reopen_council(Path(job["folder"]), job["mail_url"])
        watch_statements(council.engine, points)
        watch_smtp(points)
        _do(job, council)
        points.tell()
        os._exit(0)
    except BaseException:  # noqa: BLE001 (a child must never live on in its parent’s loop)
        traceback.print_exc()
        os._exit(1)


def _do(job: dict[str, Any], council: Council) -> None:
    now = datetime.fromisoformat(job["now"])
    if "key" in job:
        make_the_move(council, (job["key"][0], job["key"][1], job["key"][2]), job["reference"], now)
    else:
        JOBS[job["does"]](council.worker_context, now)
    council.engine.dispose()


def copy_template(template: Path, folder: Path) -> None:
    """The database as it was, in place of whatever a death has left."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)


if __name__ == "__main__":
    main()
