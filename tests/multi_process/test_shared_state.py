"""Processes share state through the database: a job commits with its email, and a directory changed by another process is read again."""

import logging
import threading
from importlib.resources import files
from pathlib import Path

import pytest

from notifications.queries import enqueue
from notifications.scheduling.jobs import OneAtATime, log_failures
from tests.factories import a_world, an_audit
from tests.multi_process.processes import Machines, Web, ask, wait_until
from workflow.commands.directory import people
from workflow.events import Notice
from workflow.storage import audit_writer

COPY = Path(__file__).parents[2] / "workflow" / "storage" / "migrations" / "sql" / "procrastinate-3.10.0.sql"
CALLS = 16


@pytest.mark.postgres
def test_a_job_commits_with_its_email_or_not_at_all(machines: Machines) -> None:
    world, jobs = a_world(machines.council), "SELECT id FROM procrastinate_jobs WHERE task_name = 'send'"
    reference = an_audit(world, at="draft")
    notices = [Notice(f"with/{n}", "audit_shared", world.person("auditor").id, reference) for n in range(5)]
    with machines.council.engine.connect() as connection:
        audit_writer.enqueue_notices(connection, notices, world.now)
        assert len(connection.exec_driver_sql(jobs).all()) == 1, "one a transaction, not one a mail"
        connection.rollback()
    assert machines.rows(jobs) == []
    enqueue(machines.council.engine, notices, world.now)
    assert len(machines.rows(jobs)) == 1


@pytest.mark.postgres
def test_an_email_leaves_within_a_second_of_its_commit(machines: Machines) -> None:
    world = a_world(machines.council)
    reference = an_audit(world, at="draft")
    machines.worker()
    wait_until(lambda: machines.rows("SELECT id FROM procrastinate_workers"))
    wait_until(lambda: not machines.rows("SELECT id FROM procrastinate_jobs"))
    took = []
    for n in range(10):
        enqueue(machines.council.engine, [Notice(f"soon/{n}", "audit_shared", world.person("auditor").id, reference)], world.now)
        took.append(wait_until(lambda n=n: len(machines.mail.taken) == n + 1))  # type: ignore[misc]
    print(f"10 mails left {sorted(took)[5]:.2f} s after their commit, {max(took):.2f} s at most")
    assert sorted(took)[5] < 1


@pytest.mark.postgres
def test_a_change_in_one_process_is_seen_by_the_others_at_once(machines: Machines, webs: list[Web]) -> None:
    """Each keeps the directory that it has read, and asks each time whether it is still the one."""
    world, token = a_world(machines.council), machines.token("moderator2")
    who, admin = world.person("moderator2").id, world.person("admin")

    def statuses() -> set[int]:
        return {ask(web.port, "GET", "/api/v1/audits", Authorization=f"Bearer {token}")[0] for web in webs for _ in range(CALLS)}

    assert statuses() == {200}
    people.mark_as_left(world.command_context(), admin, who)
    assert statuses() == {401}
    print(f"{2 * CALLS} calls to 4 processes that knew somebody who then left: 0 let in")
    people.mark_as_back(world.command_context(), admin, who)


def test_the_tables_of_the_queue_are_those_of_the_release_that_is_installed() -> None:
    """Where this fails, a new release has new tables: bring its sql/migrations over in a migration, and name its release here."""
    theirs = files("procrastinate") / "sql" / "schema.sql"
    assert COPY.read_text(encoding="utf-8").endswith(theirs.read_text(encoding="utf-8"))
    last = sorted(one.name for one in (files("procrastinate") / "sql" / "migrations").iterdir() if one.name.endswith(".sql"))[-1]
    assert last == "03.04.00_50_post_add_retry_failed_job_procedure.sql"


def test_a_call_while_a_job_runs_makes_it_run_again_and_does_not_wait() -> None:
    runs, begun, go_on = list[int](), threading.Event(), threading.Event()

    def job() -> None:
        runs.append(1)
        begun.set()
        assert go_on.wait(10)

    one = OneAtATime(job)
    first = threading.Thread(target=one)
    first.start()
    assert begun.wait(10)
    for _ in range(100):
        one()
    assert len(runs) == 1
    go_on.set()
    first.join()
    assert len(runs) == 2


def test_a_failed_job_is_logged_by_its_type_only(caplog: pytest.LogCaptureFixture) -> None:
    def job() -> None:
        raise ValueError("Alex was not seen.")

    with caplog.at_level(logging.INFO):
        log_failures("look", job)()
    assert caplog.messages == ["tick look failed: ValueError"]
