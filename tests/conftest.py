"""What every test may ask for: a council on a real database of its own, and a house on it or on a fake store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World, a_council, a_fake_world, a_world
from tests.notifications.support.smtp_server import SmtpServer
from web.council import Council

TAKE_LONGEST = {"journeys", "crash"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, or one processor waits at the end while the other is through with it."""
    items.sort(key=lambda item: TAKE_LONGEST.isdisjoint(item.path.parts))


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    made = a_council(tmp_path / "var")
    yield made
    made.engine.dispose()


@pytest.fixture
def world(council: Council) -> World:
    return a_world(council)


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """A real mail server."""
    made = SmtpServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def fake_world() -> World:
    return a_fake_world()
