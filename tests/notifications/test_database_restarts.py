"""PostgreSQL restarts in the middle of moves: no confirmed move is missing, and each is notified once."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Condition
from typing import Any

import pytest
from sqlalchemy import Table, select

from notifications.scheduling.worker import run_once
from tests.factories import World, a_council, an_audit, settings
from tests.notifications.support.smtp_server import SmtpServer, free_port
from tests.support.bar_table import Bar
from tests.support.postgres import OwnServer
from tests.support.subprocesses import RetryingClient, run_program, wait_until_listening
from tests.support.untold_tokens import untold_token
from web.cli.demo_data import load_people
from web.cli.verify_history import find_first_break, list_references
from web.council import Council, open_council, prepare
from workflow.commands import audit_moves
from workflow.storage.engine import DatabaseError, read_transaction
from workflow.storage.tables import notices, outbox, ticks

CLIENTS, RECOVERED_WITHIN = 3, 10.0
RESTARTS, BETWEEN = 2, 8
LONG, LONG_PAUSE = 5_000, (5.0, 40.0)
pytestmark = pytest.mark.postgres
Told = Counter[tuple[str, int, str]]


@dataclass
class Progress:
    """How many moves were acknowledged to each client, and how many each is to make in the end."""

    made: list[int] = field(default_factory=lambda: [0] * CLIENTS)
    last: int | None = None
    changed: Condition = field(default_factory=Condition)

    def more(self, client: int) -> None:
        with self.changed:
            self.made[client] += 1
            self.changed.notify_all()

    def wait_for(self, more: int) -> None:
        with self.changed:
            wanted = sum(self.made) + more
            assert self.changed.wait_for(lambda: sum(self.made) >= wanted, 120), f"{sum(self.made)} of {wanted} moves"

    def ends(self) -> int:
        with self.changed:
            self.last = max(self.made) + 2
            return self.last

    def is_over(self, client: int) -> bool:
        return self.last is not None and self.made[client] >= self.last


@dataclass(frozen=True)
class Outage:
    """A council on a server of its own, with its web process, its worker and its mail server."""

    server: OwnServer
    council: Council
    smtp_server: SmtpServer
    clients: list[RetryingClient]
    references: list[str]
    stop_worker: Callable[[], None]
    progress: Progress = field(default_factory=Progress)

    def moves(self, number: int) -> None:
        """Share an audit and return it, again and again, until all have made that number of moves."""
        client, reference = self.clients[number], self.references[number]
        while not self.progress.is_over(number):
            n = self.progress.made[number]
            who, move = ("hos.ppqa", "return_for_correction") if n % 2 else ("auditor", "share")
            client.move(who, reference, f"{reference}/{n}", move)
            self.progress.more(number)

    def restarts(self) -> tuple[float, float]:
        """In how many seconds a move was acknowledged, and the worker sent or said that it is there, after the server was."""
        self.server.stop()
        self.server.start()
        began, at, sent = time.monotonic(), datetime.now(UTC), len(self.smtp_server.taken)
        self.progress.wait_for(1)
        by_web = time.monotonic() - began
        while self.last_beat() < at and len(self.smtp_server.taken) == sent:
            assert time.monotonic() - began < 60, "the worker did not come back"
            time.sleep(0.05)
        return by_web, time.monotonic() - began

    def last_beat(self) -> datetime:
        try:
            with read_transaction(self.council.engine) as connection:
                return connection.execute(select(ticks.c.at).where(ticks.c.worker == "worker")).scalar() or datetime.min.replace(tzinfo=UTC)
        except DatabaseError:
            return datetime.min.replace(tzinfo=UTC)


@pytest.fixture
def outage(tmp_path: Path) -> Iterator[Outage]:
    server, smtp_server, port = OwnServer(tmp_path / "pg"), SmtpServer(), free_port()
    smtp_server.start()
    given = {"DATABASE_URL": server.url, "SECRET_KEY": "k" * 32, "MAIL_URL": smtp_server.url}
    council = open_council(settings(tmp_path / "var", **given))
    prepare(council)
    load_people(council, "correct horse")
    references = [an_audit(World(council.store, now=datetime.now(UTC)), at="graded") for _ in range(CLIENTS)]
    environment = {f"PRACTICE_AUDIT_{name}": value for name, value in given.items()}
    environment |= {"PRACTICE_AUDIT_DATA": str(tmp_path / "var"), "PRACTICE_AUDIT_BASE_URL": "http://localhost", "PORT": str(port)}
    tokens = {name: untold_token(council, World(council.store).person(name)) for name in ("auditor", "hos.ppqa")}
    with ExitStack() as web, ExitStack() as worker:
        web.enter_context(run_program("serve", environment, tmp_path / "serve.log"))
        worker.enter_context(run_program("worker", environment, tmp_path / "worker.log"))
        wait_until_listening(port)
        clients = [RetryingClient(port, tokens) for _ in references]
        yield Outage(server, council, smtp_server, clients, references, worker.close)
        for client in clients:
            client.close()
    smtp_server.stop()
    council.engine.dispose()


@pytest.mark.slow_because("a server that stops and starts again takes that long")
def test_postgresql_restarts_and_nothing_is_missing(outage: Outage, tmp_path: Path, bar: Bar) -> None:
    def again(number: int) -> bool:
        outage.progress.wait_for(BETWEEN)
        return number < RESTARTS

    _restarted(outage, again, tmp_path)
    bar("R3", wanted=RESTARTS, seen=RESTARTS)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_postgresql_restarts_every_few_seconds_in_five_thousand_moves(outage: Outage, tmp_path: Path, bar: Bar) -> None:
    def again(_: int) -> bool:
        time.sleep(random.uniform(*LONG_PAUSE))
        return sum(outage.progress.made) < LONG

    _restarted(outage, again, tmp_path)
    bar("R3", wanted=LONG, seen=sum(outage.progress.made))


def _restarted(outage: Outage, again: Callable[[int], bool], tmp_path: Path) -> None:
    took: list[tuple[float, float]] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = [pool.submit(outage.moves, number) for number in range(CLIENTS)]
        try:
            while again(len(took)):
                took.append(outage.restarts())
        finally:
            number = outage.progress.ends()
        for one in done:
            one.result()
    outage.stop_worker()
    # As a worker two minutes later: what the last one held when the server ended comes back when its lease ends.
    run_once(outage.council.worker_context, datetime.now(UTC) + timedelta(minutes=2))
    _nothing_is_missing_or_told_twice(outage, number, tmp_path)
    _say(outage, took, number * CLIENTS)


def _say(outage: Outage, took: list[tuple[float, float]], number: int) -> None:
    copies, refused = _copies(outage), sum(client.unanswered for client in outage.clients)
    web, worker = (max(seconds) for seconds in zip(*took, strict=True))
    print(
        f"{len(took)} restarts in {number} moves, {refused} tries refused or cut off, 0 moves missing or double; "
        f"again within {web:.1f} s (web), {worker:.1f} s (worker); {len(outage.smtp_server.taken)} mails, {copies} of them copies"
    )
    assert copies <= len(took)
    assert max(web, worker) < RECOVERED_WITHIN


def _nothing_is_missing_or_told_twice(outage: Outage, number: int, tmp_path: Path) -> None:
    """As on a council where nothing ever happened."""
    quiet = a_council(tmp_path / "quiet")
    world = World(quiet.store, now=datetime.now(UTC))
    reference = an_audit(world, at="graded")
    for n in range(number):
        if n % 2:
            audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Again.")
        else:
            audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assert find_first_break(outage.council, list_references(outage.council)) == ""
    for table in (notices, outbox):
        told = _told(quiet, table, reference)
        assert len(told) > number
        for one in outage.references:
            assert _told(outage.council, table, one) == told, table.name
    wanted = [row.entry.move for row in quiet.store.history(world.audit(reference))]
    for one in outage.references:
        audit = outage.council.store.audit(one)
        assert audit
        assert [row.entry.move for row in outage.council.store.history(audit)] == wanted
    quiet.engine.dispose()


def _told(council: Council, table: Table, reference: str) -> Told:
    rows = _rows(council, select(table).where(table.c.reference == reference))
    return Counter((row.key.replace(reference, "it"), row.recipient, row.event) for row in rows)


def _copies(outage: Outage) -> int:
    """The number of emails received again, byte for byte; every outbox row has ended, and every recipient got theirs."""
    rows = _rows(outage.council, select(outbox))
    assert {row.state for row in rows} <= {"sent", "cancelled"}
    came = Counter(email["Message-ID"] for email in outage.smtp_server.emails())
    assert came.keys() == {row.message_id for row in rows if row.state == "sent"}
    assert len(set(outage.smtp_server.taken)) == len(came)
    return came.total() - len(came)


def _rows(council: Council, query: Any) -> list[Any]:
    with read_transaction(council.engine) as connection:
        return list(connection.execute(query))
