"""Each statement of a sweep reads by an index, on both databases: none scans a table that grows with the number of audits."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from notifications.scheduling.worker import sweep
from tests.factories import World, a_council, a_world, an_audit
from tests.notifications.support.outbox_assertions import in_london, leaves, sent_notices
from tests.support.postgres import a_council_on_postgresql
from web.council import Council
from workflow.storage.engine import Connection, read_transaction
from workflow.storage.tables import metadata

GROW = {
    "audits",
    "actions",
    "sections",
    "escalations",
    "escalated_to",
    "history",
    "remarks",
    "seals",
    "notices",
    "outbox",
    "readings",
    "once",
    "unsaved",
    "unsaved_forms",
}
# These hold only audits in progress, or notices to be sent.
PARTIAL = {
    index.name for table in metadata.tables.values() for index in table.indexes if index.dialect_options["sqlite"]["where"] is not None
}
# Of all kinds that a sweep may find: actions late, moderation late, an escalation nobody acknowledged, a window closing, an audit that is stuck.
EVENTS = {"action_overdue", "moderation_overdue", "escalation_not_acknowledged", "re_audit_window_closing", "audit_stands_still"}
LATE = date(2027, 10, 20)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def council(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Council]:
    if request.param == "sqlite":
        made = a_council(tmp_path / "var")
        yield made
        made.engine.dispose()
    else:
        with a_council_on_postgresql(tmp_path, tmp_path_factory.getbasetemp() / "postgres") as made:
            yield made


def test_no_statement_of_a_sweep_reads_all_of_what_grows(council: Council) -> None:
    _make_late(a_world(council))
    statements = _of_a_sweep(council)
    assert {one.event for one in sent_notices(council)} >= EVENTS
    read = _read_by_sqlite if council.engine.dialect.name == "sqlite" else _read_by_postgresql
    with read_transaction(council.engine) as connection:
        through = {sql: found for sql, given in statements.items() if (found := [*read(connection, sql, given)])}
    print(f"{len(statements)} different statements, {len(through)} that read through what grows")
    assert not through


def _make_late(world: World) -> None:
    for at, grade in (("graded", "good"), ("moderated", "good"), ("shared", "inadequate"), ("shared", "good")):
        an_audit(world, at=at, grade=grade)
    leaves(world, "auditor")


def _of_a_sweep(council: Council) -> dict[str, Any]:
    """Each with what it was given."""
    found: dict[str, Any] = {}

    def note(_connection: object, _cursor: object, sql: str, given: Any, *_: object) -> None:
        if sql.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            found[sql] = given

    event.listen(council.engine, "before_cursor_execute", note)
    sweep(council.worker_context, in_london(LATE))
    event.remove(council.engine, "before_cursor_execute", note)
    return found


def _read_by_sqlite(connection: Connection, sql: str, given: Any) -> Iterator[str]:
    names = {alias: table for table, alias in re.findall(r"(\w+) AS (\w+)", sql)}
    for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given):
        scan = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", row.detail)
        if scan and names.get(scan[1], scan[1]) in GROW and scan[2] not in PARTIAL:
            yield row.detail


def _read_by_postgresql(connection: Connection, sql: str, given: Any) -> Iterator[str]:
    # Of tables as small as these it would read everything, whatever the indexes.
    for way in ("seqscan", "hashjoin", "mergejoin"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    plans = [connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", given).scalar_one()[0]["Plan"]]
    for plan in plans:
        plans += plan.get("Plans", ())
        is_found = plan.get("Index Name") in PARTIAL or not plan.keys().isdisjoint({"Index Cond", "Recheck Cond"})
        if plan["Node Type"].endswith("Scan") and plan.get("Relation Name") in GROW and not is_found:
            yield f"{plan['Node Type']} {plan['Relation Name']} {plan.get('Index Name', '')}"
