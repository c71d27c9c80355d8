"""Processes that can be killed, and a mail server with faults for them to talk to."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import ForkServer, a_memory_folder


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    started = ForkServer()
    yield started
    started.stop()


@pytest.fixture
def faulty_smtp() -> Iterator[FaultySmtpServer]:
    opened = FaultySmtpServer()
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of this test’s own, in memory where there is room for one."""
    folder = a_memory_folder(tmp_path)
    yield folder
    shutil.rmtree(folder)
