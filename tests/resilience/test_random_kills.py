"""Web server and worker are killed at random moments, again and again, while people move audits on: every acknowledged move is stored, once.

Real processes, a real database file, a real SMTP server. The seed is printed; the moments are as the machine has them.
"""

import os
import random
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories import NOTIFICATION_RULES, WALKS, Plan, World, a_council, a_world, an_audit
from tests.resilience.support.api_clients import Client, Walk
from tests.resilience.support.database_snapshot import notices, outbox
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import reopen_council, send
from tests.resilience.support.killable_processes import KillableProcesses
from tests.support.bar_table import Bar
from tests.support.untold_tokens import untold_token
from web.cli.verify_history import find_first_break, list_references
from web.council import Council
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.events import Event
from workflow.models import Audit
from workflow.storage import tables
from workflow.storage.engine import read_transaction

CLIENTS, AUDITS_EACH = 4, 3
LONGEST_LIFE = 0.3
# By the rules, section 4; who that is, the tables say.
TOLD_BY = {
    "share": "audit_shared", "open_escalation": "escalation_opened", "return_for_correction": "audit_returned",
    "waive_moderation": "moderation_waived", "report_action": "completion_reported", "return_action": "action_returned",
}  # fmt: skip
OF_AN_ACTION = {"report_action", "return_action"}
Told = set[tuple[str, int]]


@dataclass
class Killing:
    """What is killed, and how often a kill left the outcome of an email unknown."""

    alive: KillableProcesses
    council: Council
    faulty_smtp: FaultySmtpServer
    is_up: threading.Event = field(default_factory=threading.Event)
    in_doubt: set[tuple[str, int]] = field(default_factory=set)
    killed: dict[str, int] = field(default_factory=lambda: {"web": 0, "worker": 0})

    def begin(self, which: str) -> None:
        self.alive.begin(which)
        if which == "web":
            self.is_up.set()

    def kill(self, which: str) -> None:
        if which == "web":
            self.is_up.clear()
        self.alive.end(which)
        self.killed[which] += 1
        if which == "worker":
            self.look_what_it_hit()
        self.begin(which)

    def look_what_it_hit(self) -> None:
        """An email the server has received for a row that could no longer be marked: its Message-ID and the number of copies."""
        self.faulty_smtp.wait_until_quiet()
        copies, unmarked = self.faulty_smtp.copies(), select(tables.outbox.c.message_id).where(tables.outbox.c.state == "waiting")
        with read_transaction(self.council.engine) as connection:
            in_doubt = {(ident, copies[ident]) for ident in connection.execute(unmarked).scalars() if copies[ident]}
        assert len(in_doubt - self.in_doubt) <= 1, "more than one mail was under way"
        self.in_doubt |= in_doubt


def _walks(world: World) -> list[Walk]:
    """Audits that are graded, every fourth of them Inadequate; of today, for the server’s clock is the real one."""
    today, made = world.now.date(), []
    for number in range(CLIENTS * AUDITS_EACH):
        plan = Plan(grade="good" if number % 4 else "inadequate", details={"audit_date": str(today - timedelta(days=3))})
        reference = an_audit(world, "practitioner_consulted", plan)
        new = NewAction("Book the visit.", "practitioner@demo.example", str(today + timedelta(days=30)))
        actions.add_action(world.command_context(), world.person("auditor"), reference, new)
        WALKS["graded"](world, reference, plan)
        made.append(Walk(reference, is_inadequate=plan.grade == "inadequate"))
    return made


def _moves_and_deaths(killing: Killing, clients: list[Client], walks: list[Walk], kills: int, moves: int, chance: random.Random) -> None:
    is_enough = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        walking = [pool.submit(client.walk, walks[at::CLIENTS], is_enough) for at, client in enumerate(clients)]
        try:
            while sum(killing.killed.values()) < kills or sum(client.moves for client in clients) < moves:
                if wait(walking, chance.uniform(0, LONGEST_LIFE), FIRST_EXCEPTION).done:
                    break
                if sum(killing.killed.values()) < kills:
                    killing.kill(chance.choice(("web", "worker")))
        finally:
            is_enough.set()
        for one in walking:
            one.result()


def _told_by_history(council: Council, audit: Audit) -> Told:
    """Who the history rows notify, as keys and recipients."""
    directory, told, is_first = council.store.directory(), Told(), True
    for row in council.store.history(audit):
        move = row.entry.move
        events = [Event(TOLD_BY[move], audit.reference, row.number, action=1 if move in OF_AN_ACTION else None)] if move in TOLD_BY else []
        if move == "share" and is_first:
            events, is_first = [*events, replace(events[0], name="action_assigned", action=1)], False
        told |= {(one.key, one.recipient) for event in events for one in NOTIFICATION_RULES.notices(event, audit, directory)}
    return told


def _is_so_once(council: Council, walks: list[Walk], faulty_smtp: FaultySmtpServer) -> int:
    """The acknowledged moves are the history, in order and no more; each recipient has one notice and one email. Return the number of emails."""
    rows, told = outbox(council), notices(council)
    assert sorted((one.key, one.recipient) for one in told) == sorted((row.key, row.recipient) for row in rows)
    for walk in walks:
        audit = council.store.audit(walk.reference)
        assert audit is not None
        made = [row.entry.move for row in council.store.history(audit)]
        assert made[made.index("grade") + 1 :] == walk.history, "an acknowledged move is missing, or one is there twice"
        of_moves = [row for row in rows if row.key.startswith(f"{walk.reference}/")]
        assert sorted((row.key, row.recipient) for row in of_moves) == sorted(_told_by_history(council, audit)), "missing, or double"
        assert {row.state for row in of_moves} <= {"sent"}
    assert faulty_smtp.copies().keys() == {row.message_id for row in rows if row.state == "sent"}
    assert find_first_break(council, list_references(council)) == ""
    return len(faulty_smtp.copies())


def _survives(folder: Path, faulty_smtp: FaultySmtpServer, kills: int, least_moves: int) -> None:
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    print(f"seed {seed}", flush=True)
    a_council(folder).engine.dispose()
    council = reopen_council(folder, faulty_smtp.url)
    world = a_world(council)
    world.now = datetime.now(UTC)
    walks = _walks(world)
    names = ("auditor", "qa", "hos.ppqa", "team.manager", "head.of.service")
    tokens = {name: untold_token(council, world.person(name)) for name in names}
    killing = Killing(KillableProcesses(folder, faulty_smtp.url), council, faulty_smtp)
    clients = [Client(killing.alive.port, tokens, killing.is_up, at, random.Random(seed + at)) for at in range(CLIENTS)]
    for which in killing.killed:
        killing.begin(which)
    try:
        _moves_and_deaths(killing, clients, walks, kills, least_moves, random.Random(seed))
    finally:
        killing.alive.stop()
    _is_well_in_the_end(killing, clients, walks)
    council.engine.dispose()


def _is_well_in_the_end(killing: Killing, clients: list[Client], walks: list[Walk]) -> None:
    killing.look_what_it_hit()
    assert killing.faulty_smtp.copies(), "no worker sent anything"
    for hours in range(1, 5):
        send(killing.council.worker_context, datetime.now(UTC) + timedelta(hours=hours))
    killing.faulty_smtp.wait_until_quiet()
    emails = _is_so_once(killing.council, walks, killing.faulty_smtp)
    moves, cut_off = (sum(numbers) for numbers in zip(*((client.moves, client.cut_off) for client in clients), strict=True))
    extra, hits = killing.faulty_smtp.copies().total() - emails, len(killing.in_doubt)
    print(f"{moves:,} moves acknowledged, none missing; killed {killing.killed}, {cut_off} calls cut off")
    print(f"{emails:,} emails, none missing; {hits} kills hit a send, {extra} extra copies")
    assert extra <= hits


@pytest.mark.timeout(600)
@pytest.mark.slow_because("two hundred processes are started and killed")
def test_two_hundred_deaths_lose_nothing_and_double_only_what_they_hit(tmp_path: Path, faulty_smtp: FaultySmtpServer, bar: Bar) -> None:
    _survives(tmp_path / "var", faulty_smtp, kills=200, least_moves=500)
    bar("R1", wanted=200, seen=200)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_deaths_in_five_thousand_moves(tmp_path: Path, faulty_smtp: FaultySmtpServer, bar: Bar) -> None:
    _survives(tmp_path / "var", faulty_smtp, kills=1_000, least_moves=5_000)
    bar("R1", wanted=1_000, seen=1_000)
