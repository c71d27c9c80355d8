"""An audit is read in one statement, and a move writes in one round trip: no reader sees half of it, and no error is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import insert, text

from tests.factories import a_world, an_audit
from web.council import Council
from workflow.commands import audit_moves, drafting
from workflow.errors import DatabaseUnavailable
from workflow.storage import engine, tables
from workflow.storage.database_errors import refusal_of
from workflow.storage.engine import Connection, DatabaseError, pipelined, read_transaction

SAVES = 300
REMARK = {"number": 1, "text": "Said once."}


def test_a_reader_sees_one_version_while_another_writes(council: Council) -> None:
    world = a_world(council)
    reference = an_audit(world, at="practitioner_consulted")

    def write() -> None:
        for number in range(SAVES):
            answers, version = {"evidence": f"Text {number}."}, world.audit(reference).version
            drafting.save_section(world.command_context(), world.person("auditor"), reference, "area_1", answers, version)

    with ThreadPoolExecutor(1) as pool:
        written, seen = pool.submit(write), set[int]()
        while not written.done():
            audit = world.audit(reference)
            seen.add(audit.version)
            assert audit.section_versions.get("area_1", audit.version) == audit.version
        written.result()
    print(f"{council.engine.dialect.name}: {len(seen)} versions seen while {SAVES} were written, each whole")


def test_a_database_error_is_raised_and_nothing_is_stored(council: Council) -> None:
    reference = an_audit(a_world(council), at="draft")
    audit_id = council.store.audit(reference).id  # type: ignore[union-attr]
    with pytest.raises(DatabaseError) as refused:
        _write_twice(council, {**REMARK, "audit_id": audit_id})
    assert type(refused.value).__name__ == "IntegrityError"
    assert refusal_of(refused.value) is None
    assert "Said once" not in str(refused.value)
    with read_transaction(council.engine) as connection:
        assert connection.execute(tables.remarks.select()).all() == []


@pytest.mark.postgres
def test_a_connection_cut_meanwhile_counts_as_unavailable(on_postgresql: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(on_postgresql)
    reference = an_audit(world, at="graded")
    before = world.audit(reference)

    @contextmanager
    def cut(connection: Connection) -> Iterator[None]:
        process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with pipelined(connection):
            with on_postgresql.engine.connect() as other:
                other.execute(text(f"SELECT pg_terminate_backend({process}, 5000)"))
            yield

    monkeypatch.setattr("workflow.storage.audit_writer.pipelined", cut)
    with pytest.raises(DatabaseError) as lost:
        audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assert isinstance(refusal_of(lost.value), DatabaseUnavailable)
    monkeypatch.undo()
    assert world.audit(reference) == before
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assert world.audit(reference).state == "shared"


def _write_twice(council: Council, remark: dict[str, object]) -> None:
    with engine.write_transaction(council.engine) as connection, pipelined(connection):
        for _ in range(2):
            connection.execute(insert(tables.remarks), remark)
