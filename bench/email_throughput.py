"""Sending emails, by the service and by its channel alone, compared with a bare socket that sends the same to the same server.

Short blocks of all take turns; each sends the same emails, over a connection that was opened before.
The whole delivery stores each email as sent on disk before the next, so that none is lost or doubled: that takes its time, not the sending. It is
compared with a socket that does the same.
"""

import os
import smtplib
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count, cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

from rich.progress import track
from sqlalchemy import select

from bench.result import Result, result
from config.settings import read_settings
from notifications.channels import Channel, TemporaryFailure
from notifications.channels.smtp import SmtpChannel
from notifications.delivery.messages import build
from notifications.delivery.sender import deliver
from notifications.queries import enqueue
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.events import Notice
from workflow.storage import tables
from workflow.storage.engine import SQLITE_PRAGMAS, read_transaction

# Contestants that write nothing to disk need more emails to be measured.
RUNS, BLOCKS, BLOCK, QUICK, TRIES = 7, 10, 15, 300, timedelta(minutes=15)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
Block = Callable[[], None]
# What is done before, what is measured, and how many emails that sends.
Contestants = dict[str, tuple[Block, Block, int]]


class Refusing:
    """A channel that takes nothing for now, so that what is sent afterwards are stored bytes."""

    def send(self, to: str, message_id: str, body: bytes) -> None:
        raise TemporaryFailure("away")

    def close(self) -> None: ...


def measure_emails() -> list[Result]:
    with _on_one_core(), tempfile.TemporaryDirectory(prefix="bench-") as folder, _sink() as port, ExitStack() as stack:
        council = _open_council(Path(folder))
        channel = SmtpChannel(urlsplit(f"smtp://127.0.0.1:{port}?tls=none"), council.settings.mail_from)
        stack.callback(channel.close)
        to, body = _an_email(council)
        _deliver(council, channel, NOW)
        message, bare = message_from_bytes(body, policy=policy.SMTP), stack.enter_context(_Socket(port, council.settings.mail_from))
        commit = _committing(Path(folder), stack)
        contestants: Contestants = {
            "bare": (lambda: None, lambda: _each(QUICK, lambda: bare.send(to, body)), QUICK),
            "alone": (lambda: None, lambda: _each(QUICK, lambda: channel.send(to, "", body)), QUICK),
            "kept": (lambda: None, lambda: _each(BLOCK, lambda: bare.send(to, body, commit)), BLOCK),
            "stored": (lambda: _store_block(council), lambda: _deliver(council, channel, NOW + TRIES), BLOCK),
            "built": (lambda: _enqueue_block(council), lambda: _deliver(council, channel, NOW), BLOCK),
            "new connection": (lambda: None, lambda: _each(BLOCK, lambda: _send_by_new_connection(port, message)), BLOCK),
        }
        runs = [_run(contestants) for _ in track(range(RUNS), "Sending emails")]
    kept = "that also commits once an email"
    return [
        _result("P7 an email by our channel, one connection kept", "≥ 0.50", runs, "alone"),
        _result("P7 a stored email by the whole delivery", "≥ 0.50", runs, "stored"),
        _result("P7 a new email by the whole delivery, which builds and stores it", "≥ 0.50", runs, "built"),
        _result(f"P7 a stored email by the whole delivery, against one {kept}", "none", runs, "stored", "kept"),
        _result("P7 smtplib’s send_message, a new connection each", "a peer", runs, "new connection"),
    ]


def _result(what: str, goal: str, runs: list[dict[str, float]], name: str, limit: str = "bare") -> Result:
    shares = [run[limit] / run[name] for run in runs]
    return result(f"{what}: share of the bare socket’s rate", goal, shares)


def _run(contestants: Contestants) -> dict[str, float]:
    """Seconds an email, in blocks so short that other work of the machine slows all equally."""
    took = dict.fromkeys(contestants, 0.0)
    for _ in range(BLOCKS):
        for name, (prepare_it, block, emails) in contestants.items():
            prepare_it()
            began = time.perf_counter()
            block()
            took[name] += (time.perf_counter() - began) / emails
    return took


def _each(times: int, send: Callable[[], object]) -> None:
    for _ in range(times):
        send()


def _committing(folder: Path, stack: ExitStack) -> Block:
    """The least that stores an email as sent: one row, by the bare driver, on disk before the next."""
    connection = stack.enter_context(closing(sqlite3.connect(folder / "bare.db", isolation_level=None)))
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE sent (email INTEGER)")
    return lambda: connection.execute("INSERT INTO sent VALUES (1)").close()


class _Socket:
    """The least that sends an email: five writes and five reads."""

    def __init__(self, port: int, sender: str) -> None:
        self.socket, self.sender = socket.create_connection(("127.0.0.1", port)), sender.encode()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "_Socket":
        self.socket.recv(1000)
        self._say(b"EHLO bench\r\n")
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, to: str, body: bytes, and_then: Block = lambda: None) -> None:
        self._say(b"MAIL FROM:<" + self.sender + b">\r\n")
        self._say(b"RCPT TO:<" + to.encode() + b">\r\n")
        self._say(b"DATA\r\n")
        self._say(body + b".\r\n")
        and_then()

    def _say(self, words: bytes) -> None:
        self.socket.sendall(words)
        assert self.socket.recv(1000)[:1] in b"23"


def _send_by_new_connection(port: int, email: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="bench") as connection:
        connection.send_message(email)


@contextmanager
def _on_one_core() -> Iterator[None]:
    """Both ends: where an idle core has to be woken for each answer, that is all that would be measured."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _sink() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-m", "bench.smtp_sink"], stdout=subprocess.PIPE, text=True) as sink:
        assert sink.stdout is not None
        try:
            yield int(sink.stdout.readline())
        finally:
            sink.terminate()


def _open_council(folder: Path) -> Council:
    council = open_council(read_settings({"PRACTICE_AUDIT_DATA": str(folder)}))
    prepare(council)
    load_people(council, "not signed in with")
    return council


NUMBERS = count()


def _enqueue_block(council: Council) -> None:
    """A block of emails that nobody has tried to send yet."""
    people = [person.id for person in council.store.directory().people.values()]
    # Each about another audit: one person’s emails about one audit are sent in order.
    told = (
        Notice(f"bench/{n}", "audit_shared", person, f"{n:04x}-2q9d"[-9:])
        for person, n in zip(islice(cycle(people), BLOCK), NUMBERS, strict=False)
    )
    enqueue(council.engine, tuple(told), NOW)


def _store_block(council: Council) -> None:
    """The same, tried once in vain."""
    _enqueue_block(council)
    deliver(council.worker_context, Refusing(), "bench", lambda: NOW)


def _deliver(council: Council, channel: Channel, now: datetime) -> None:
    sent = deliver(council.worker_context, channel, "bench", lambda: now)
    assert sent == BLOCK, f"{sent} of {BLOCK} were sent"


def _an_email(council: Council) -> tuple[str, bytes]:
    """One as the service stores it."""
    _enqueue_block(council)
    with read_transaction(council.engine) as connection:
        row = connection.execute(select(tables.outbox).limit(1)).one()
    person = council.store.directory().person(row.recipient)
    assert person is not None
    return person.email, build(row, person, council.notification_policy, council.settings).as_bytes()
