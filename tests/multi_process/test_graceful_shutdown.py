"""On SIGTERM a worker sends the email in progress and releases the rest; a web process answers requests it has begun. Neither waits needlessly."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from notifications.queries import enqueue
from tests.factories import a_council, a_world, an_audit, settings
from tests.multi_process.processes import ApiClient, Machines, Web, at_once, start_program, wait_until
from tests.notifications.support.smtp_server import SmtpServer
from web.council import Council, open_council
from workflow.events import Notice
from workflow.storage.engine import read_transaction

EMAILS, STOPPED_AT = 30, 3
AUDITS, CLIENTS = 32, 4


def told(council: Council, name: str) -> None:
    """That number of emails to one person, each about another audit."""
    world = a_world(council)
    person = world.person("auditor").id
    notices = [Notice(f"{name}/{n}", "audit_shared", person, an_audit(world, at="draft")) for n in range(EMAILS)]
    enqueue(council.engine, notices, world.now)


def stopping(process: Callable[[], "subprocess.Popen[bytes]"], smtp_server: SmtpServer) -> float:
    """How long the worker took to end after SIGTERM in the middle of the third email."""
    started, began, seen = process(), [0.0], [0]

    def answers(to: str, tries: int) -> None:
        seen[0] += 1
        if seen[0] == STOPPED_AT:
            began[0] = time.monotonic()
            started.send_signal(signal.SIGTERM)
            # Long enough for the signal to arrive before this email is accepted.
            time.sleep(0.5)

    smtp_server.answers = answers
    assert started.wait(30) == 0
    return time.monotonic() - began[0]


def waits(council: Council, name: str) -> list[tuple[object, int]]:
    with read_transaction(council.engine) as connection:
        waiting = text("SELECT leased_until, attempts FROM outbox WHERE state = 'waiting' AND key LIKE :key")
        return [(row.leased_until, row.attempts) for row in connection.execute(waiting, {"key": f"{name}/%"})]


def test_a_worker_of_the_embedded_database_finishes_its_email(tmp_path: Path) -> None:
    smtp_server = SmtpServer()
    smtp_server.start()
    a_council(tmp_path / "var").engine.dispose()
    council = open_council(settings(tmp_path / "var"))
    told(council, "embedded")
    took = stopping(lambda: start_program(tmp_path / "var", {"MAIL_URL": smtp_server.url}, "worker"), smtp_server)
    print(f"SQLite: ended with 0 after {took:.1f} s, {len(smtp_server.taken)} of {EMAILS} sent, the rest given back")
    assert took < 10
    assert len(smtp_server.taken) == STOPPED_AT
    assert waits(council, "embedded") == [(None, 0)] * (EMAILS - STOPPED_AT)
    council.engine.dispose()
    smtp_server.stop()


@pytest.mark.postgres
def test_a_worker_of_the_queue_finishes_its_email_and_another_sends_the_rest(machines: Machines) -> None:
    told(machines.council, "queue")
    took = stopping(machines.worker, machines.mail)
    print(f"PostgreSQL: ended with 0 after {took:.1f} s, {len(machines.mail.taken)} of {EMAILS} sent, the rest given back")
    assert took < 10
    assert len(machines.mail.taken) == STOPPED_AT
    assert waits(machines.council, "queue") == [(None, 0)] * (EMAILS - STOPPED_AT)
    assert machines.rows("SELECT id FROM procrastinate_workers") == []
    machines.worker()
    wait_until(lambda: len(machines.mail.taken) == EMAILS)


@pytest.mark.postgres
def test_a_stopping_web_server_answers_requests_in_progress(machines: Machines) -> None:
    web = machines.web(1)
    wait_until(web.answers)
    reference = an_audit(a_world(machines.council), at="graded")
    caller, answered = ApiClient(machines, [web]), list[dict[str, object]]()
    machines.token("auditor")
    with machines.council.engine.begin() as connection:
        connection.execute(text("SELECT id FROM audits WHERE reference = :it FOR UPDATE"), {"it": reference})
        share = threading.Thread(
            target=lambda: answered.append(caller.call("auditor", "POST", f"/audits/{reference}/moves", {"move": "share"}))
        )
        share.start()
        wait_until(
            lambda: machines.rows("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        )
        began = time.monotonic()
        web.process.terminate()
        # Long enough for every process to have got the signal.
        time.sleep(1)
    share.join()
    assert web.process.wait(10) == 0
    print(f"a move under way was answered, and the server ended {time.monotonic() - began:.1f} s after it was told to")
    assert (answered[0]["state"], caller.cut_off) == ("shared", 0)


@pytest.mark.postgres
def test_a_rolling_restart_under_load_loses_nothing(machines: Machines, webs: list[Web]) -> None:
    references = [an_audit(a_world(machines.council), at="graded") for _ in range(AUDITS)]
    callers, is_over, read = [ApiClient(machines, webs) for _ in range(CLIENTS)], threading.Event(), [0]
    machines.token("auditor")

    def client(number: int) -> None:
        for reference in references[number::CLIENTS]:
            callers[number].call("auditor", "POST", f"/audits/{reference}/moves", {"move": "share"})
        while not is_over.is_set():
            callers[number].call("auditor", "GET", f"/audits/{references[number]}")
            read[0] += 1

    def restart() -> None:
        try:
            _replaced(webs[0])
            cut_off = sum(one.cut_off for one in callers)
            _restarted(webs[1])
            print(f"replacing 2 processes of one server cut off {cut_off} calls; ", end="")
            assert cut_off == 0
        finally:
            is_over.set()

    at_once([*(lambda number=number: client(number) for number in range(CLIENTS)), restart])
    states = {machines.council.store.audit(reference).state for reference in references}  # type: ignore[union-attr]
    again = f"{sum(one.cut_off for one in callers)} calls cut off and made again, {sum(one.refused for one in callers)} refused"
    print(f"{AUDITS} moves and {read[0]} readings through a rolling restart of 4 processes on 2 ports: {again} at a closed port, 0 lost")
    assert states == {"shared"}
    shares = "SELECT audit_id FROM history JOIN audits ON audits.id = audit_id WHERE move = 'share' AND reference IN "
    assert len(machines.rows(f"{shares} ({', '.join(repr(one) for one in references)})")) == AUDITS


def _replaced(web: Web) -> None:
    """By SIGHUP: new processes first, then the old ones end."""
    before = set(web.children())
    web.process.send_signal(signal.SIGHUP)
    wait_until(lambda: len(web.children()) == web.count and not before & set(web.children()))


def _restarted(web: Web) -> None:
    """Stopped and started, as a new release is."""
    web.process.terminate()
    assert web.process.wait(15) == 0
    web.begin()
    wait_until(web.answers)
