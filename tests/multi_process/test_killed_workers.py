"""Two workers and four web processes on one PostgreSQL; one of each is killed in the middle. Nothing is lost, and nothing done twice."""

import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from notifications.outbox import LEASE
from notifications.scheduling.worker import DELIVER_EVERY
from tests.factories import a_world, an_audit
from tests.multi_process.processes import ApiClient, Machines, Web, at_once, wait_until
from web.cli.verify_history import find_first_break, list_references

AUDITS, CLIENTS, DIES_AT, DEATHS = 24, 4, 20, 3
WAITING = "SELECT id FROM outbox WHERE state = 'waiting' AND send_from <= now()"
pytestmark = pytest.mark.postgres


class DiesInTheMiddle:
    """Kills the worker that is sending an email after it has sent the recipient and before the text."""

    def __init__(self, machines: Machines, at: int) -> None:
        self.machines, self.at, self.seen, self.killed, self.died_at = machines, at, 0, "", 0.0
        machines.mail.answers = self

    def __call__(self, to: str, tries: int) -> None:
        self.seen += 1
        if self.seen >= self.at and not self.killed:
            sends = f"SELECT DISTINCT leased_by FROM outbox WHERE state = 'waiting' AND leased_until > now() AND sent_to = '{to}'"
            holders = self.machines.rows(sends)
            if len(holders) > 1:
                return  # Whichever of them it is not could have sent its own already, and that would come twice.
            self.killed = holders[0].leased_by
            os.kill(int(re.findall(r"-(\d+)-", self.killed)[0]), signal.SIGKILL)
            self.died_at = time.monotonic()

    def holds(self) -> list[int]:
        held = f"SELECT id FROM outbox WHERE state = 'waiting' AND leased_by = '{self.killed}' AND leased_until > now()"
        return [row.id for row in self.machines.rows(held)]

    def jobs(self) -> list[int]:
        """Heartbeats of killed workers: running ones renew theirs every few seconds."""
        dead = "SELECT j.id FROM procrastinate_jobs j JOIN procrastinate_workers w ON w.id = j.worker_id WHERE j.status = 'doing'"
        return [row.id for row in self.machines.rows(f"{dead} AND w.last_heartbeat < now() - interval '10 seconds'")]

    def time_passes(self) -> None:
        """This test owns the database, and does not wait for what was leased to run out: it ends now, and so does the worker’s heartbeat."""
        self.machines.change(f"UPDATE outbox SET leased_until = now() WHERE leased_by = '{self.killed}' AND state = 'waiting'")
        self.machines.change(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE last_heartbeat = "
            "(SELECT min(last_heartbeat) FROM procrastinate_workers)"
        )


def test_a_web_process_and_a_worker_are_killed_under_load(machines: Machines, webs: list[Web]) -> None:
    dies = DiesInTheMiddle(machines, DIES_AT)
    machines.worker()
    moved = _moves(machines, webs, dies, then=webs[0].kill_one)
    held, jobs = dies.holds(), dies.jobs
    assert dies.killed
    assert held, "the dead worker held nothing"
    dies.time_passes()
    stalled = len(jobs())
    took = wait_until(lambda: not machines.rows(WAITING), 20)
    recovered = took + wait_until(lambda: not jobs(), 20)
    print(f"what the dead worker held, {len(held)} mails, was sent {took:.1f} s after its lease of {LEASE.seconds} s; ", end="")
    print(f"{stalled} of its jobs were done by the other within {recovered:.1f} s")
    assert stalled
    assert LEASE + timedelta(seconds=DELIVER_EVERY["postgresql"]) <= timedelta(seconds=60)
    _nothing_is_lost_or_doubled(machines, moved)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_work_of_a_killed_worker_is_taken_over_within_a_minute(machines: Machines, webs: list[Web]) -> None:
    dies, longest, moved = DiesInTheMiddle(machines, DIES_AT), 0.0, list[str]()
    machines.worker()
    for death in range(DEATHS):
        dies.seen, dies.killed = 0, ""
        moved += _moves(machines, webs, dies, then=webs[death % 2].kill_one)
        wait_until(lambda: not machines.rows(WAITING), 90)
        longest = max(longest, time.monotonic() - dies.died_at)
        wait_until(lambda: not dies.jobs(), 60)
    print(f"{DEATHS} deaths of a worker and of a web process: the last mail of the dead was sent {longest:.0f} s later at most; ", end="")
    assert longest < 60
    _nothing_is_lost_or_doubled(machines, moved)


def _moves(machines: Machines, webs: list[Web], dies: DiesInTheMiddle, then: Callable[[], object]) -> list[str]:
    """Beside the worker there is, another begins. Each audit is shared and its moderator named, by clients at once, through whichever process answers; half-way, something else."""
    references = _graded(machines)
    machines.worker()
    wait_until(lambda: len(machines.rows("SELECT id FROM procrastinate_workers WHERE last_heartbeat > now() - interval '6 seconds'")) >= 2)
    callers, moves, half = [ApiClient(machines, webs) for _ in range(CLIENTS)], list[str](), threading.Event()

    def client(number: int) -> None:
        for reference in references[number::CLIENTS]:
            callers[number].call("auditor", "POST", f"/audits/{reference}/moves", {"move": "share"})
            callers[number].call("qa", "PUT", f"/audits/{reference}/moderator", {"person": "moderator@demo.example"})
            moves.append(reference)
            if len(moves) >= AUDITS // 2:
                half.set()

    def kill() -> None:
        assert half.wait(60)
        then()

    at_once([*(lambda number=number: client(number) for number in range(CLIENTS)), kill])
    wait_until(lambda: dies.killed)
    print(
        f"{2 * AUDITS} moves by {CLIENTS} clients through 4 processes, {sum(one.cut_off for one in callers)} calls cut off and made again; ",
        end="",
    )
    return references


def _graded(machines: Machines) -> list[str]:
    return [an_audit(a_world(machines.council), at="graded") for _ in range(AUDITS)]


def _nothing_is_lost_or_doubled(machines: Machines, moved: list[str]) -> None:
    sent = machines.rows("SELECT message_id, reference, event FROM outbox WHERE state = 'sent'")
    taken = Counter(str(email["Message-ID"]) for email in machines.mail.emails())
    assert max(taken.values()) == 1, "a mail was sent twice"
    assert {row.message_id for row in sent if row.reference in moved} <= set(taken), "a mail was lost"
    assert {row.reference for row in sent if row.event == "moderator_assigned"} >= set(moved)
    moves = machines.rows("SELECT reference FROM history JOIN audits ON audits.id = audit_id WHERE move IN ('share', 'assign_moderator')")
    assert {n for reference, n in Counter(row.reference for row in moves).items() if reference in moved} == {2}, "a move was made twice"
    assert find_first_break(machines.council, list_references(machines.council)) == ""
    print(f"{taken.total()} mails, 0 lost, 0 doubled; every history is whole")
