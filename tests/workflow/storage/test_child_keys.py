"""An audit that a process of the release before wrote has no key, or one of an earlier ID: `init` and each worker that starts fill it in."""

from datetime import date

import pytest
from sqlalchemy import func, select, update

from tests.factories import a_world, an_audit
from web.audit_list.queries import _is_of_child
from web.audits.queries import Before
from web.cli.verify_history import find_first_break
from web.council import Council, prepare
from workflow.storage.child_keys import fill_child_keys
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import audits
from workflow.storage.visibility import VisibilityFilter


def key_of(council: Council, reference: str) -> object:
    with read_transaction(council.engine) as connection:
        return connection.execute(select(audits.c.child_key).where(audits.c.reference == reference)).scalar_one()


@pytest.mark.parametrize(("state", "left"), [("draft", None), ("shared", None), ("draft", "c9")])
def test_what_an_old_process_left_is_filled_in(council: Council, state: str, left: str | None) -> None:
    reference = an_audit(a_world(council), at=state)
    other = an_audit(a_world(council), at="draft", details={"child_id": "unborn"})
    with write_transaction(council.engine) as connection:
        connection.execute(update(audits).where(audits.c.reference == reference).values(child_key=left))
    assert key_of(council, reference) == left
    prepare(council)
    assert (key_of(council, reference), key_of(council, other)) == ("c1001", None)
    assert fill_child_keys(council.engine) == 0


def test_verify_finds_an_audit_under_another_childs_key(council: Council) -> None:
    reference = an_audit(a_world(council), at="shared")
    assert find_first_break(council, [reference]) == ""
    with write_transaction(council.engine) as connection:
        connection.execute(update(audits).where(audits.c.reference == reference).values(child_key="c9"))
    assert "the ID of another child" in find_first_break(council, [reference])


def test_each_comparison_reads_by_the_index(on_sqlite: Council) -> None:
    council = on_sqlite
    world = a_world(council)
    reader = VisibilityFilter(world.person("qa"), world.store.directory(), council.permissions)
    before = Before("", "c1001", date(2026, 11, 20)).condition
    for query in (reader.connected(), select(func.max(audits.c.audit_on)).where(before), select(audits.c.id).where(_is_of_child("C-10"))):
        shown = query.compile(council.engine, compile_kwargs={"literal_binds": True})
        with read_transaction(council.engine) as connection:
            assert "ix_audits_child_key" in str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {shown}").all()), shown
