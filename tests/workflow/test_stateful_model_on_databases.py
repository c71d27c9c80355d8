"""Any sequence of moves on real databases: what holds on a fake store holds on SQLite and on PostgreSQL."""

import os
from typing import Any

import pytest

from tests.factories import a_council, a_world
from tests.support.bar_table import Bar
from tests.support.postgres import a_council_on_postgresql
from tests.workflow.test_stateful_model import SEQUENCES, SHARDS, AnySequence, run_any
from web.cli.verify_history import find_first_break
from web.council import Council

SQL_SEQUENCES = int(os.environ.get("SQL_SEQUENCES", "20"))
HONEST = int(os.environ.get("HONEST", "10000"))
VERIFIED: set[str] = set()
"""References of the audits whose history verified in the end."""


def test_any_sequence_keeps_the_invariants_on_a_real_database(tmp_path: Any, bar: Bar) -> None:
    _run(a_council(tmp_path / "var"), SQL_SEQUENCES, bar)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_honest_history_is_suspected(tmp_path: Any, bar: Bar) -> None:
    _run(a_council(tmp_path / "var"), HONEST // 3 + 1, bar)


def _run(council: Council, sequences: int, bar: Bar) -> None:
    VERIFIED.clear()
    run_any(_on(council), sequences)
    bar("L1", wanted=3 * sequences, seen=len(VERIFIED))
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

        def teardown(self) -> None:
            super().teardown()
            assert find_first_break(council, self.references) == "", "an honest history is suspected"
            VERIFIED.update(self.references)

    return OnADatabase
