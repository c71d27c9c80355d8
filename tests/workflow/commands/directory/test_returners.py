"""Somebody who left and comes back starts again: nothing they could get in with is left, in whichever table it was."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, literal, select, union, update

from tests.factories import World, an_audit
from tests.workflow.commands.directory.support import give
from tests.workflow.storage.support.edge_values import edge_row
from workflow.commands.directory import people
from workflow.commands.directory.bulk_import import Line, import_people
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import accounts, emergencies, metadata
from workflow.storage.tables import people as people_table

# What says what somebody did or said, and lets nobody in.
RECORD = {"connections", "directory_history", "once", "readings", "requests", "unsaved", "unsaved_forms"}
OF_A_PERSON = [table for table in metadata.sorted_tables if "person_id" in table.c]
LEAVES, BACK = "no", "yes"
Way = Callable[[World, str], None]


def by_browser(world: World, active: str) -> None:
    command = people.mark_as_back if active == BACK else people.mark_as_left
    command(world.command_context(), world.person("admin"), world.person("moderator2").id)


def by_import(world: World, active: str) -> None:
    line = Line(2, "moderator2@demo.example", "Miles Ferreira", None, active)
    assert not import_people(world.command_context(), (line,)).refusals


@pytest.mark.parametrize("way", [by_browser, by_import])
def test_nothing_that_lets_a_leaver_in_is_left(world: World, way: Way) -> None:
    fill(world)
    assert rows_of(world) == {table.name for table in OF_A_PERSON}
    way(world, LEAVES)
    assert rows_of(world) == RECORD | {"accounts"}
    has_no_credentials(world)


@pytest.mark.parametrize("way", [by_browser, by_import])
def test_what_a_former_leaver_still_had_is_gone_when_they_come_back(world: World, way: Way) -> None:
    way(world, LEAVES)
    fill(world)
    way(world, BACK)
    assert rows_of(world) == RECORD | {"accounts"}
    has_no_credentials(world)
    assert world.person("moderator2").duties == frozenset()


def test_what_waits_for_a_second_person_ends_with_their_leaving(world: World) -> None:
    give(world, "admin", "moderator2", "qa")
    by_browser(world, LEAVES)
    by_browser(world, BACK)
    assert world.store.directory().requests == ()


def fill(world: World) -> None:
    """A row of theirs in every table."""
    an_audit(world, "draft")
    person_id = world.person("moderator2").id
    with write_transaction(world.store.engine) as connection:
        connection.execute(delete(accounts).where(accounts.c.person_id == person_id))
        connection.execute(insert(emergencies), edge_row(connection, emergencies))
        for table in OF_A_PERSON:
            connection.execute(insert(table), edge_row(connection, table) | {"person_id": person_id})
        connection.execute(update(people_table).where(people_table.c.id == person_id).values(password_hash="a hash"))


def rows_of(world: World) -> set[str]:
    """The tables in which something of theirs stands."""
    theirs = [select(literal(table.name)).where(table.c.person_id == world.person("moderator2").id) for table in OF_A_PERSON]
    with read_transaction(world.store.engine) as connection:
        return set(connection.execute(union(*theirs)).scalars())


def has_no_credentials(world: World) -> None:
    person_id = world.person("moderator2").id
    with read_transaction(world.store.engine) as connection:
        row = connection.execute(select(accounts).where(accounts.c.person_id == person_id)).one()
        password = connection.execute(select(people_table.c.password_hash).where(people_table.c.id == person_id)).scalar_one()
    assert (password, row.totp, row.totp_counter, row.handle) == (None, None, None, None)
    assert len(row.uniquifier) == 64
    assert row.links_from == world.now
