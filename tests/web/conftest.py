"""The application of a real council, called without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from time_machine import Traveller

from tests.factories import NOW, World, a_council, a_world
from tests.web.support.api_client import ApiClient
from web.app import create_app
from web.council import Council


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    council = a_council(tmp_path / "var")
    council.engine.dispose()
    made = create_app(council.settings)
    made.testing = True
    yield made
    wired: Council = made.extensions["council"]
    wired.engine.dispose()


@pytest.fixture
def caller(app: Flask) -> ApiClient:
    return ApiClient(app.extensions["council"], app.test_client())


@pytest.fixture
def world(app: Flask) -> World:
    return a_world(app.extensions["council"])


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """The pages’ clock, set to the same time as the world’s."""
    with time_machine.travel(NOW, tick=False) as made:
        yield made
