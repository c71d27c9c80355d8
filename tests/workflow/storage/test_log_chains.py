"""Many write to the logs at once, and processes of the release before write without links: what is honest always verifies."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import insert, select

from tests.factories import NOW, World, a_world, an_audit
from web.cli.checkpoints import find_break_of_logs
from web.council import Council, prepare
from workflow.commands.directory.people import add_person
from workflow.ports import ReadLogEntry
from workflow.role_assignments import DirectoryEvent
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.log_chains import AUDITS, DIRECTORY, READ_LOG, link_unlinked, record_heads
from workflow.storage.log_verification import heads
from workflow.storage.tables import audit_heads, chain_links, directory_history, readings

THREADS, TIMES = 6, 8


def reading(reference: str, number: int) -> ReadLogEntry:
    return ReadLogEntry(1, "Ünusual 🧑‍⚖️ name", reference, 1, number, "page", "audits.show", NOW + timedelta(microseconds=number))


def test_what_is_written_at_once_is_linked_once_and_verifies_meanwhile(council: Council) -> None:
    """A reading of two audits is two rows in one commit."""
    world, reference = a_world(council), an_audit(a_world(council), "draft")

    def work(thread: int) -> None:
        for number in range(TIMES):
            council.store.log_readings([reading(reference, number)] * (1 + number % 2))
            if number % 4 == thread % 4:
                an_audit(World(council.store), "draft")
                add_person(world.command_context(), world.person("admin"), "New", f"new.{thread}.{number}@demo.example")
            record_heads(council.engine)

    with ThreadPoolExecutor(THREADS) as pool:
        working = [pool.submit(work, thread) for thread in range(THREADS)]
        looked = [find_break_of_logs(council)]
        while not all(one.done() for one in working):
            looked.append(find_break_of_logs(council))
        for one in working:
            one.result()
    assert set(looked) == {""}
    with read_transaction(council.engine) as connection:
        numbers = {name: number for name, (number, _) in heads(connection).items()}
    print(f"{council.engine.dialect.name}: {numbers}, verified {len(looked)} times meanwhile")
    assert numbers[READ_LOG] == THREADS * TIMES * 3 // 2
    assert numbers[DIRECTORY] >= THREADS * 2
    assert numbers[AUDITS] >= 1 + THREADS * 2
    assert find_break_of_logs(council) == ""


def test_many_changes_in_one_commit_are_linked_in_their_order(council: Council) -> None:
    facts = {"z": "’é 🧑‍⚖️ \ud800", "a": [None, True, 1.5, {"b": 1, "a": 2}], "": {}}
    version = council.store.directory().version
    with council.store.changing(version, NOW) as writer:
        writer.record(None, *(DirectoryEvent("imported", None, f"unit {number}", facts | {"number": number}) for number in range(1_201)))
    assert find_break_of_logs(council) == ""
    with read_transaction(council.engine) as connection:
        linked = select(directory_history.c.unit).join(chain_links, chain_links.c.row_id == directory_history.c.id)
        units = connection.execute(linked.where(chain_links.c.chain == DIRECTORY).order_by(chain_links.c.number)).scalars().all()
    assert units == [f"unit {number}" for number in range(1_201)]


def test_rows_of_the_release_before_are_linked_when_the_worker_starts(council: Council) -> None:
    reference = an_audit(a_world(council), "shared")
    council.store.log_readings([reading(reference, 1)])
    row = {name: getattr(reading(reference, 2), name) for name in ReadLogEntry.__slots__}
    with write_transaction(council.engine) as connection:
        connection.execute(insert(readings), [row] * 1_001)
    council.store.log_readings([reading(reference, 3)])
    assert find_break_of_logs(council) == "Row 2 of the read log has no link: it was not written by this version of the service."
    assert link_unlinked(council.engine)[READ_LOG] == 1_001
    assert set(link_unlinked(council.engine).values()) == {0}
    assert find_break_of_logs(council) == ""


def test_preparing_a_database_from_before_the_chains_links_everything_in_it(council: Council) -> None:
    world = a_world(council)
    references = [an_audit(world, state) for state in ("draft", "shared")]
    council.store.log_readings([reading(references[0], 1)])
    add_person(world.command_context(), world.person("admin"), "New", "new@demo.example")
    with council.engine.connect() as connection, connection.begin():
        for table in (chain_links, audit_heads):
            keeps = ("_update", "_delete", "_insert") if connection.dialect.name == "sqlite" else ("",)
            for verb in keeps:
                on = f" ON {table.name}" if not verb else ""
                connection.exec_driver_sql(f"DROP TRIGGER keep_{table.name}{verb}{on}")
            connection.exec_driver_sql(f"DELETE FROM {table.name}")
        connection.exec_driver_sql(f"UPDATE chains SET number = 0, head = '{'0' * 64}'")
    assert "not in the list of audits" in find_break_of_logs(council) or "no link" in find_break_of_logs(council)
    prepare(council)
    assert find_break_of_logs(council) == ""
    with read_transaction(council.engine) as connection:
        recorded = connection.execute(select(audit_heads.c.reference).order_by(audit_heads.c.audit_id)).scalars().all()
        linked = connection.execute(select(directory_history)).all()
    assert (recorded, len(linked)) == (references, 1)
