"""Write to the database past the service, as somebody who has read its source does, and take it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, delete, insert, select, update

from notifications.checkpoints import NAMED, make_checkpoint
from tests.factories import NOW, World, an_audit
from web.cli.checkpoints import find_break_of_logs
from web.cli.verify_history import find_first_break, list_references
from web.council import Council
from workflow.commands.audit_view import ReadLocation, see
from workflow.commands.directory.people import add_person
from workflow.history import Chain, HistoryEntry, link
from workflow.storage import log_chains, tables
from workflow.storage.log_chains import unlinked_rows
from workflow.storage.store import SqlStore

OF_AN_AUDIT = (tables.sections, tables.actions, tables.escalations, tables.history, tables.remarks, tables.seals)


def three_audits(world: World) -> list[str]:
    """Of three audits, read twice each; three people were added."""
    made, context = [an_audit(world, state) for state in ("shared", "draft", "shared")], world.command_context()
    for reference in made * 2:
        see(context, world.person("auditor"), reference).reveal(context, ReadLocation("page", "audits.show"))
    for name in ("one", "two", "three"):
        add_person(world.command_context(), world.person("admin"), name, f"{name}@demo.example")
    return made


@contextmanager
def tampering(council: Council) -> Iterator[Council]:
    """A council whose database takes any change, without triggers and foreign keys, and takes all of them back afterwards."""
    with council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for name in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        engine = cast("Engine", connection)
        yield replace(council, engine=engine, store=SqlStore(engine, council.rules.stand_ins))
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def of(council: Council) -> Connection:
    return cast("Connection", council.engine)


def stamp_again(council: Council, *written_again: str) -> None:
    """As somebody does who has read the source: every link of a chain again, so that nothing inside the database is wrong."""
    for chain in written_again:
        of(council).execute(delete(tables.chain_links).where(tables.chain_links.c.chain == chain))
        of(council).execute(update(tables.chains).where(tables.chains.c.name == chain).values(number=0, head="0" * 64))
        rows = of(council).execute(unlinked_rows(chain)).mappings().all()
        log_chains._link(of(council), chain, [(row["id"], dict(row)) for row in rows])


def is_whole(council: Council) -> bool:
    return find_first_break(council, list_references(council)) == find_break_of_logs(council) == ""


def keep(council: Council, folder: Path, name: str = "kept", names: int | None = NAMED) -> Path:
    """One more checkpoint in the file outside."""
    with (folder / name).open("a", encoding="utf-8") as lines:
        lines.write(f"{make_checkpoint(council.engine, council.settings, NOW, names=names)}\n")
    return folder / name


def delete_audit(connection: Connection, reference: str) -> None:
    one = select(tables.audits.c.id).where(tables.audits.c.reference == reference).scalar_subquery()
    for table in OF_AN_AUDIT:
        connection.execute(delete(table).where(table.c.audit_id == one))
    for table in (tables.notices, tables.outbox, tables.readings, tables.audits):
        connection.execute(delete(table).where(table.c.reference == reference))


def write_history_again(connection: Connection, reference: str) -> None:
    """Somebody else did everything, and all hashes agree: those of the history, and those in the audit’s own row and in the list of audits."""
    audits, history, heads = tables.audits, tables.history, tables.audit_heads
    ident = connection.execute(select(audits.c.id).where(audits.c.reference == reference)).scalar_one()
    rows = connection.execute(select(history).where(history.c.audit_id == ident).order_by(history.c.number)).mappings().all()
    connection.execute(delete(history).where(history.c.audit_id == ident))
    chain = Chain()
    for row in rows:
        entry = HistoryEntry(**{name: row[name] for name in HistoryEntry.__slots__} | {"by_name": "Somebody Else"})
        linked, chain = link(chain, reference, entry)
        connection.execute(insert(history), dict(row) | {"by_name": "Somebody Else", "previous": linked.previous, "hash": linked.hash})
    connection.execute(update(audits).where(audits.c.id == ident).values(history_head=chain.head))
    same = (history.c.audit_id == heads.c.audit_id, history.c.number == heads.c.number)
    connection.execute(update(heads).values(head=select(history.c.hash).where(*same).scalar_subquery()))
