"""Any sequence of moves on real databases: what holds on a fake store holds on SQLite and on PostgreSQL."""

import os
from typing import Any

import pytest

from tests.factories import a_council, a_world
from tests.support.postgres import a_council_on_postgresql
from tests.workflow.test_stateful_model import SEQUENCES, SHARDS, AnySequence, run_any
from web.council import Council

SQL_SEQUENCES = int(os.environ.get("SQL_SEQUENCES", "20"))


def test_any_sequence_keeps_the_invariants_on_a_real_database(tmp_path: Any) -> None:
    council = a_council(tmp_path / "var")
    run_any(_on(council), SQL_SEQUENCES)
    council.engine.dispose()


@pytest.mark.postgres
def test_any_sequence_keeps_the_invariants_on_postgresql(tmp_path: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    with a_council_on_postgresql(tmp_path, tmp_path_factory.getbasetemp() / "postgres") as council:
        run_any(_on(council), SQL_SEQUENCES // 4)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_sequence_keeps_the_invariants_on_postgresql_for_long(
    shard: int, tmp_path: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with a_council_on_postgresql(tmp_path, tmp_path_factory.getbasetemp() / "postgres") as council:
        run_any(_on(council), SEQUENCES)


def _on(council: Council) -> type[AnySequence]:
    class OnADatabase(AnySequence):
        def __init__(self) -> None:
            super().__init__()
            self.world = a_world(council)

    return OnADatabase
