"""What every test may ask for: a council on a real database of its own, and a house on it or on a fake store."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.factories import World, a_council, a_fake_world, a_world
from tests.notifications.support.smtp_server import SmtpServer
from tests.support import coverage_sampling, durations
from tests.support.bar_table import PROPERTY, Bar, lines_of, rows_of
from tests.support.cheap_apps import share_compiled_templates, skip_waiting_for_the_disk
from tests.support.cheap_passwords import real_passwords, use_cheap_passwords
from web.council import Council

TAKE_LONGEST = {"e2e", "resilience"}
FIRST = ("slow_because", "long")


def pytest_configure() -> None:
    coverage_sampling.seed()
    use_cheap_passwords()
    share_compiled_templates()
    skip_waiting_for_the_disk()


def pytest_report_header() -> str:
    return f"samples of exhaustive tests: {coverage_sampling.VARIABLE}={coverage_sampling.seed()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest tests start first, so that no processor idles at the end while another still runs one."""
    items.sort(key=lambda item: (not any(map(item.get_closest_marker, FIRST)), TAKE_LONGEST.isdisjoint(item.path.parts)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    durations.remember(config, terminalreporter.stats)
    rows = rows_of(terminalreporter.stats)
    if rows:
        terminalreporter.section("the bar, line by line")
        for line in lines_of(rows):
            terminalreporter.line(line)
        terminalreporter.line(pytest_report_header())


@pytest.fixture
def bar(record_property: Callable[[str, object], None]) -> Bar:
    """Reports a line of the bar: how many were wanted and how many were seen."""

    def report(line: str, *, wanted: int, seen: int) -> None:
        record_property(PROPERTY, [line, wanted, seen])

    return report


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
