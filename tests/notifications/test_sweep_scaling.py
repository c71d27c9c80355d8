"""The cost of a sweep does not grow with the number of actions, only with those due: counted in steps of the database."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, event

from notifications.scheduling.worker import sweep
from tests.notifications.support.outbox_assertions import sent_notices
from tests.support.large_council import a_large_council
from web.council import Council
from workflow.storage.engine import write_transaction

FEW, MANY, NOW = 10_000, 100_000, datetime(2026, 12, 1, 9, tzinfo=UTC)
# The same number is due, whatever number is held. Of four actions one is due in a week, one today, two are late.
MAKE_DUE = {
    "actions": "UPDATE actions SET state = 'open', remind_on = '2026-12-01', due_on = CASE audit_id & 3"
    " WHEN 0 THEN '2026-12-08' WHEN 1 THEN '2026-12-01' ELSE '2026-11-30' END WHERE number = 1 AND audit_id IN"
    " (SELECT id FROM audits ORDER BY id DESC LIMIT {})",
    "audits": "UPDATE audits SET look_on = '2026-12-01' WHERE state = 'actions_closed' AND id IN (SELECT id FROM audits ORDER BY id LIMIT {})",
    "windows": "UPDATE audits SET re_audit_prompt_on = '2026-12-01' WHERE id IN (SELECT id FROM audits ORDER BY id DESC LIMIT {})",
}  # fmt: skip
# Filled once, by the worker that gets them all.
pytestmark = pytest.mark.xdist_group("sweeps of 100,000 audits")


@pytest.fixture(scope="module")
def councils(tmp_path_factory: pytest.TempPathFactory) -> tuple[Council, Council]:
    few, many = (a_large_council(tmp_path_factory.mktemp("sweeps") / str(count), count) for count in (FEW, MANY))
    for council in (few, many):
        sweep(council.worker_context, NOW)
    return few, many


@pytest.mark.parametrize("what", ["nothing", "100 actions", "100 audits", "100 windows"])
def test_ten_times_the_actions_cost_the_same(councils: tuple[Council, Council], what: str) -> None:
    few, many = (_steps(council, what) for council in councils)
    print(f"a sweep with {what} due: {few} tens of steps at {FEW:,}, {many} at {MANY:,}")
    assert many <= 1.5 * few + 100, f"{few} steps became {many}"


def test_ten_times_what_is_due_costs_no_more_than_ten_times(councils: tuple[Council, Council]) -> None:
    few, many = (_steps(councils[1], f"{count} actions") for count in (100, 1_000))
    print(f"100 due: {few} tens of steps; 1,000 due: {many}")
    assert many <= 12 * few


def _make_due(council: Council, statement: str) -> None:
    with write_transaction(council.engine) as connection:
        for one in ("DELETE FROM outbox", "DELETE FROM notices", statement):
            connection.exec_driver_sql(one)
    with council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _steps(council: Council, what: str) -> int:
    """Tens of steps that SQLite’s virtual machine took, reading and writing."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    def watch(connection: Connection, *_: object) -> None:
        connection.set_progress_handler(count, 10)  # type: ignore[attr-defined]

    count_due, _, kind = what.partition(" ")
    if kind:
        _make_due(council, MAKE_DUE[kind].format(count_due))
    before = len(sent_notices(council))
    council.engine.dispose()
    event.listen(council.engine, "connect", watch)
    sweep(council.worker_context, NOW)
    event.remove(council.engine, "connect", watch)
    council.engine.dispose()
    assert len(sent_notices(council)) > before if kind in {"actions", "windows"} else len(sent_notices(council)) == before
    return taken
