"""The queue’s scheduler continues after its connections are cut and after the machine’s clock is set back or ahead."""

import psycopg
import pytest

from notifications import outbox
from notifications.queries import enqueue
from tests.factories import a_world, an_audit
from tests.multi_process.processes import Machines, wait_until
from tests.notifications.support.scheduler_process import goes_on_when_the_clock_jumps, stops_when_told_at_the_worst_time
from workflow.events import Notice

OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"
pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("days", [-1, 400])
def test_changing_the_clock_does_not_stop_the_scheduler(machines: Machines, days: int) -> None:
    goes_on_when_the_clock_jumps("procrastinate_scheduler", days, machines.url)


def test_it_stops_at_every_signal(machines: Machines) -> None:
    stops_when_told_at_the_worst_time("procrastinate_scheduler", machines.url)


@pytest.mark.slow_because("a worker waits before it connects again")
def test_a_worker_whose_connections_are_cut_goes_on(machines: Machines) -> None:
    world, worker = a_world(machines.council), machines.worker()
    reference = an_audit(world, at="draft")
    wait_until(lambda: machines.rows("SELECT id FROM procrastinate_workers"))
    for n in range(3):
        cut = machines.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}")
        # Our own that were cut are not what is tried here.
        machines.council.engine.dispose()
        enqueue(machines.council.engine, [Notice(f"cut/{n}", "audit_shared", world.person("auditor").id, reference)], world.now)
        took = wait_until(lambda n=n: len(machines.mail.taken) == n + 1, 20)  # type: ignore[misc]
        print(f"{len(cut)} connections cut, the next mail left {took:.1f} s later")
    assert worker.poll() is None
    worker.terminate()
    assert worker.wait(10) == 0


def test_a_sent_email_is_marked_though_the_connection_was_lost(machines: Machines) -> None:
    world, council = a_world(machines.council), machines.council
    enqueue(council.engine, [Notice("gone/1", "audit_shared", world.person("auditor").id, "3f7k-2q9d")], world.now)
    (letter,) = outbox.claim(council.engine, "this one", world.now, council.notification_policy)
    with psycopg.connect(machines.url.replace("+psycopg", "")) as somebody:
        assert somebody.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OTHERS}").fetchall()
    outbox.mark_sent(council.engine, letter, world.now)
    assert [row.state for row in machines.rows("SELECT state FROM outbox WHERE key = 'gone/1'")] == ["sent"]
