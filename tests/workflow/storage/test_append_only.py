"""What is only ever added to can't be changed or removed by any statement, on either database: the database itself refuses it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Column, Table, UniqueConstraint, create_engine, select
from sqlalchemy.exc import DBAPIError

from tests.factories import World, a_world, an_audit
from tests.support.bar_table import Bar
from web.council import Council
from workflow.commands.audit_view import ReadLocation, see
from workflow.commands.directory.people import add_person
from workflow.storage.engine import Connection
from workflow.storage.tables import APPEND_ONLY

ON_SQLITE = ("INSERT OR REPLACE INTO", "REPLACE INTO", "INSERT OR ROLLBACK INTO", "INSERT OR FAIL INTO", "INSERT OR IGNORE INTO")
SENTENCE = "is only ever added to"


def test_every_change_of_a_row_that_is_only_added_is_refused(council: Council, bar: Bar) -> None:
    world = a_world(council)
    fill(world)
    # As somebody would connect who does not go through the service: no pragma is set.
    engine, refused, tried = create_engine(council.engine.url), 0, list[str]()
    for table in APPEND_ONLY:
        with engine.connect() as connection:
            before = connection.execute(select(table)).all()
            assert before, table.name
            statements = list(changes(connection, table))
        for statement in statements:
            tried.append(statement)
            with engine.connect() as connection:
                refused += is_refused(connection, statement)
                assert connection.execute(select(table)).all() == before, statement
    engine.dispose()
    print(f"{council.engine.dialect.name}: {len(tried)} statements on {len(APPEND_ONLY)} tables, {refused} refused")
    bar("L2", wanted=len(tried), seen=refused)
    assert refused == len(tried)
    an_audit(world, "draft")


def fill(world: World) -> None:
    """At least two rows in each of the tables."""
    context, who = world.command_context(), world.person("auditor")
    for reference in (an_audit(world, "shared"), an_audit(world, "shared")):
        see(context, who, reference).reveal(context, ReadLocation("page", "audits.show"))
    for name in ("one", "two"):
        add_person(world.command_context(), world.person("admin"), name, f"{name}@demo.example")


def is_refused(connection: Connection, statement: str) -> bool:
    with pytest.raises(DBAPIError) as refusal, connection.begin():
        connection.exec_driver_sql(statement)
    print(f"{statement}: {refusal.value.orig}")
    return SENTENCE in str(refusal.value)


def changes(connection: Connection, table: Table) -> Iterator[str]:
    """Every way of replacing, changing or removing its first row, or all of them."""
    name, is_sqlite = table.name, connection.dialect.name == "sqlite"
    names = [column.name for column in table.columns]
    for column in names:
        yield f"UPDATE {name} SET {column} = {column}"
    yield f"DELETE FROM {name}"
    for keys in keys_of(table):
        assignment = f"{names[-1]} = excluded.{names[-1]}"
        yield f"{copied('INSERT INTO', table, keys)} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {assignment}"
        if is_sqlite:
            yield from (copied(verb, table, keys) for verb in ON_SQLITE)
        else:
            match = " AND ".join(f"old.{key} = new.{key}" for key in keys)
            yield f"MERGE INTO {name} old USING (SELECT * FROM {name}) new ON {match} WHEN MATCHED THEN UPDATE SET {names[0]} = new.{names[0]}"
    if is_sqlite:
        yield f"UPDATE OR REPLACE {name} SET {names[0]} = {names[0]}"
        yield copied("INSERT OR REPLACE INTO", table, ("id" if "id" in names else "rowid",))
    else:
        yield f"TRUNCATE {name}"
        yield f"TRUNCATE {name} CASCADE"


def copied(verb: str, table: Table, keys: tuple[str, ...]) -> str:
    """Insert a row with these columns of the first row: of its other keys, each has another number."""
    in_keys = {key for one in keys_of(table) for key in one} - set(keys)
    values = {column.name: f"{column.name} + 100000" if is_number(column, in_keys) else column.name for column in table.columns}
    values |= {key: key for key in keys}
    # Limited within: without a WHERE, SQLite takes the ON of ON CONFLICT for that of a join.
    first = f"SELECT * FROM (SELECT {', '.join(values.values())} FROM {table.name} LIMIT 1) one WHERE true"
    return f"{verb} {table.name} ({', '.join(values)}) {first}"


def is_number(column: Column[Any], names: set[str]) -> bool:
    return column.name in names and not column.foreign_keys and column.type.python_type is int


def keys_of(table: Table) -> list[tuple[str, ...]]:
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return [tuple(column.name for column in one.columns) for one in (table.primary_key, *unique)]
