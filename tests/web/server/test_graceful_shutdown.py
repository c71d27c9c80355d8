"""SIGTERM to real processes: what is under way is finished, nothing new is begun, and the process ends with 0 within ten seconds."""

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from tests.factories import a_world, an_audit
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.support.browser import PASSWORD, token_in
from web.council import Council
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox

ENDS_WITHIN = 10
PROGRAM = Path(sys.executable).with_name("practice-audit")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Process:
    """`practice-audit` as a supervisor starts it."""

    def __init__(self, verb: str, council: Council, **environment: str) -> None:
        given = {"PRACTICE_AUDIT_DATA": str(council.settings.data), **environment}
        self.process = subprocess.Popen([PROGRAM, verb], env={**os.environ, **given}, stderr=subprocess.PIPE, text=True)

    def told_to_stop(self) -> None:
        self.at = time.monotonic()
        self.process.send_signal(signal.SIGTERM)

    def ended(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=30)
        self.took = time.monotonic() - self.at
        print(f"ended {self.took:.1f} s after it was told to")
        assert self.took < ENDS_WITHIN
        return self.process.returncode, said

    def is_killed(self) -> None:
        self.process.kill()
        self.process.communicate()


class Server(Process):
    def __init__(self, council: Council) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        super().__init__("serve", council, PORT=str(self.port))
        until = time.monotonic() + 30
        while not self.listens():
            assert time.monotonic() < until

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=10).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return False
        return True

    def visitor(self) -> tuple[http.client.HTTPConnection, dict[str, str], str]:
        """An open connection, a cookie, and the form of somebody who signs in."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", "/sign-in")
        answer = connection.getresponse()
        typed = {"csrf_token": token_in(answer.read().decode()), "email": "auditor@demo.example", "password": PASSWORD}
        return connection, {**FORM, "Cookie": str(answer.getheader("Set-Cookie")).partition(";")[0]}, urlencode(typed)


@pytest.fixture
def server(council: Council) -> Iterator[Server]:
    one = Server(council)
    yield one
    one.is_killed()


def test_waiting_requests_are_answered_and_new_ones_refused(server: Server, council: Council) -> None:
    """Two are under way: one waits for the database, of the other half has come in. A third is only kept open."""
    waiting, headers, form = server.visitor()
    half, its_headers, its_form = server.visitor()
    idle, _, _ = server.visitor()
    lock = sqlite3.connect(council.settings.data / "practice-audit.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    waiting.request("POST", "/sign-in", form, headers)
    half.putrequest("POST", "/sign-in")
    for name, value in {**its_headers, "Content-Length": str(len(its_form))}.items():
        half.putheader(name, value)
    half.endheaders()
    half.send(its_form[:20].encode())
    server.told_to_stop()
    while server.listens():
        time.sleep(0.02)
    assert server.process.poll() is None
    lock.execute("ROLLBACK")
    half.send(its_form[20:].encode())
    assert [one.getresponse().status for one in (waiting, half)] == [302, 302]
    assert server.ended()[0] == 0
    assert server.took < 5, "nobody waits for who only kept a connection open"
    for one in (waiting, half, idle):
        one.close()
    lock.close()


@pytest.mark.slow_because("a server waits eight seconds for a request that never ends, and no other test lets it")
def test_a_stopping_server_waits_at_most_eight_seconds(server: Server) -> None:
    half, headers, _ = server.visitor()
    half.putrequest("POST", "/sign-in")
    for name, value in {**headers, "Content-Length": "1000"}.items():
        half.putheader(name, value)
    half.endheaders()
    half.send(b"email=")
    server.told_to_stop()
    code, said = server.ended()
    assert code == 0
    assert "1 requests were not answered" in said
    half.close()


def states(council: Council) -> list[str]:
    with read_transaction(council.engine) as connection:
        return sorted(connection.execute(select(outbox.c.state)).scalars())


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    made = SmtpServer()
    made.start()
    yield made
    made.stop()


@pytest.mark.slow_because("a worker that hangs is given eight seconds, and no other test lets it")
@pytest.mark.parametrize("hangs", [False, True])
def test_the_email_being_sent_is_finished_and_no_other_begun(council: Council, smtp_server: SmtpServer, hangs: bool) -> None:
    an_audit(a_world(council), at="shared")
    waiting = len(states(council))
    begun, goes_on = threading.Event(), threading.Event()

    def answers(to: str, tries: int) -> None:
        begun.set()
        goes_on.wait(20)

    smtp_server.answers = answers
    worker = Process("worker", council, PRACTICE_AUDIT_MAIL_URL=smtp_server.url)
    try:
        assert begun.wait(30)
        worker.told_to_stop()
        if not hangs:
            # Long enough for the signal to arrive before the answer.
            time.sleep(0.5)
            goes_on.set()
        code, said = worker.ended()
    finally:
        goes_on.set()
        worker.is_killed()
    assert code == 0, said
    assert states(council) == ["sent"] * (not hangs) + ["waiting"] * (waiting - (not hangs))
    assert ("Stopped while sending" in said) == hangs
    print(f"{waiting} smtp_server waited, {len(smtp_server.taken)} sent")


def test_an_idle_worker_stops_at_once(council: Council) -> None:
    worker = Process("worker", council)
    assert worker.process.stderr
    until = time.monotonic() + 30
    while not _ticked(council):
        assert time.monotonic() < until
    worker.told_to_stop()
    assert worker.ended()[0] == 0
    # One that can’t stop in order is ended by force after eight seconds.
    assert worker.took < 6


def _ticked(council: Council) -> bool:
    with read_transaction(council.engine) as connection:
        return connection.exec_driver_sql("SELECT 1 FROM ticks WHERE worker = 'worker'").first() is not None
