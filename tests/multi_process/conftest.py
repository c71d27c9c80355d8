"""Two machines with two web processes each, shared by all tests; each test starts its own workers."""

import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notifications.scheduling.sweep import sweep
from tests.multi_process.processes import Machines, Web, wait_until
from tests.support.postgres import a_database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker gets them all, so that the machines are started once."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("multi_process"))


@pytest.fixture(scope="package")
def _machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    with a_database(tmp_path_factory.getbasetemp() / "postgres") as url:
        machines = Machines(folder, url)
        yield machines
        machines.stop()


@pytest.fixture
def machines(_machines: Machines) -> Iterator[Machines]:
    """Nothing waits to be sent at the beginning of a story, and nothing that was started runs after it."""
    # Send the alert about reading many audits in the test before now, or the next worker would.
    sweep(_machines.council.worker_context, datetime.now(UTC))
    _machines.change("UPDATE outbox SET state = 'cancelled' WHERE state = 'waiting'")
    _machines.change("DELETE FROM procrastinate_jobs")
    _machines.change("DELETE FROM procrastinate_workers")
    _machines.mail.taken.clear()
    _machines.mail.answers = lambda to, tries: None
    before = list(_machines.running)
    yield _machines
    # A server that the story restarted is there for the next.
    kept = [*before, *(web.process for web in _machines.kept)]
    for process in [one for one in _machines.running if one not in kept]:
        process.kill()
        assert process.wait() in {0, -signal.SIGKILL}, "it had ended by itself"
        _machines.running.remove(process)


@pytest.fixture(scope="package")
def webs(_machines: Machines) -> list[Web]:
    _machines.kept = [_machines.web(2), _machines.web(2)]
    for web in _machines.kept:
        wait_until(web.answers)
    return _machines.kept
