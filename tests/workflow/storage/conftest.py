"""The same council on each store, so that the same contract is tested on all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import World, a_council, a_fake_world, a_world
from tests.support.postgres import a_council_on_postgresql
from web.council import Council


@pytest.fixture(scope="session")
def postgres_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture
def on_postgresql(tmp_path: Path, postgres_folder: Path) -> Iterator[Council]:
    with a_council_on_postgresql(tmp_path, postgres_folder) as council:
        yield council


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Council]:
    council = a_council(tmp_path / "var")
    yield council
    council.engine.dispose()


@pytest.fixture(params=["on_sqlite", pytest.param("on_postgresql", marks=pytest.mark.postgres)])
def council(request: pytest.FixtureRequest) -> Council:
    made: Council = request.getfixturevalue(request.param)
    return made


@pytest.fixture(params=["fake", "on_sqlite", pytest.param("on_postgresql", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest) -> World:
    return a_fake_world() if request.param == "fake" else a_world(request.getfixturevalue(request.param))
