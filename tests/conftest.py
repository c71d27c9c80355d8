"""What every test may ask for: a council on a real database of its own, and a house on it or on a fake store."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.factories import World, a_council, a_fake_world, a_world
from tests.notifications.support.smtp_server import SmtpServer
from tests.support.cheap_apps import share_compiled_templates, skip_waiting_for_the_disk
from tests.support.cheap_passwords import real_passwords, use_cheap_passwords
from web.council import Council

TAKE_LONGEST = {"journeys", "crash"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, or one processor waits at the end while the other is through with it."""
    items.sort(key=lambda item: TAKE_LONGEST.isdisjoint(item.path.parts))


def pytest_configure() -> None:
    use_cheap_passwords()
    share_compiled_templates()
    skip_waiting_for_the_disk()


@pytest.fixture(autouse=True)
def _password_cost(request: pytest.FixtureRequest) -> Iterator[None]:
    with real_passwords() if request.node.get_closest_marker("real_passwords") else nullcontext():
        yield


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
