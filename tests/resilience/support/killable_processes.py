"""A web server and a worker as the service runs them, each in a process of its own, to be killed and started again at once.

Run as a program with a data folder, a port and the address of a mail server: everything is imported once, each life is a fork.
A line on its standard input says which of the two is to begin or to end; the answer comes when it has.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from flask import Flask

from notifications import outbox
from notifications.scheduling import worker
from tests.factories import settings
from tests.web.support.server_thread import worker_of
from web.app import create_app
from web.council import Council
from web.server.gunicorn_worker import Worker

# Two seconds are to a worker that lives for a moment what a minute is to one that lives for weeks.
LEASE, SENDS_EVERY, SWEEPS_EVERY = timedelta(seconds=2), 0.1, 1.0


class KillableProcesses:
    def __init__(self, folder: Path, mail_url: str = "") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "tests.resilience.support.killable_processes", str(folder), str(self.port), mail_url]
        self.parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, which: str) -> None:
        """A web server listens by then."""
        self._say(f"begin {which}")

    def end(self, which: str) -> None:
        """By SIGKILL; it is gone by then."""
        self._say(f"end {which}")

    def stop(self) -> None:
        self._say("end all")
        self.parent.communicate()

    def _say(self, line: str) -> None:
        assert self.parent.stdin
        assert self.parent.stdout
        print(line, file=self.parent.stdin, flush=True)
        answer = self.parent.stdout.readline()
        assert answer == "done\n", answer


def main(folder: str, port: int, mail_url: str) -> None:
    # Only that what it does overlaps, at such a pace.
    logging.disable(logging.WARNING)
    app = create_app(settings(Path(folder), MAIL_URL=mail_url))
    council: Council = app.extensions["council"]
    pids: dict[str, int] = {}
    for line in sys.stdin:
        verb, which = line.split()
        if verb == "begin":
            council.engine.dispose()
            pids[which], answer = _begun(which, app, port), "done"
        else:
            ended = [_ended(pids.pop(one)) for one in (list(pids) if which == "all" else [which])]
            answer = "done" if set(ended) <= {-signal.SIGKILL} else f"one had ended by itself: {ended}"
        print(answer, flush=True)


def _ended(pid: int) -> int:
    """How, which is by this signal where it was still alive."""
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _begun(which: str, app: Flask, port: int) -> int:
    hears, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        _live(which, app, port, tells)
    os.close(tells)
    os.read(hears, 1)
    os.close(hears)
    return pid


def _live(which: str, app: Flask, port: int, tells: int) -> None:
    council: Council = app.extensions["council"]
    if which == "web":
        server = worker_of(app, socket.create_server(("127.0.0.1", port)), Worker)
        os.write(tells, b".")
        server.init_process()
    else:
        outbox.LEASE = LEASE
        worker.DELIVER_EVERY, worker.SWEEP_EVERY = {"sqlite": SENDS_EVERY}, SWEEPS_EVERY  # type: ignore[assignment,dict-item]
        os.write(tells, b".")
        worker.run_forever(council.worker_context)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
