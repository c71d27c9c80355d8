"""A served council and a real Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.e2e.support.killable_server import KillableServer
from tests.e2e.support.live_server import CHROMIUM, FLAGS, STYLES, LiveServer
from tests.factories import a_council, settings


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if not CHROMIUM or not STYLES.exists():
        missing = "Chromium" if not CHROMIUM else "the stylesheet, which node builds"
        assert not os.environ.get("CI"), f"{missing} is missing"
        pytest.skip(f"{missing} is missing")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield started
    started.close()


@pytest.fixture
def served(browser: Browser, tmp_path: Path) -> Iterator[LiveServer]:
    a_council(tmp_path / "var").engine.dispose()
    started = LiveServer(browser, settings(tmp_path / "var"))
    yield started
    started.stop()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[KillableServer]:
    a_council(tmp_path / "var").engine.dispose()
    started = KillableServer(tmp_path / "var")
    started.start()
    yield started
    started.stop()
