"""Each migration is reverted and run again, with rows in every column: what can survive does, and what can’t is listed here."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from tests.factories import AN_ACTION, a_world, an_audit
from tests.workflow.storage.support.bulk_audits import multiply
from tests.workflow.storage.support.edge_values import add_edges, empty_tables
from web.council import Council
from workflow.commands import audit_moves
from workflow.storage import schema
from workflow.storage.engine import read_transaction, write_transaction

# What a downgrade drops and the next upgrade can’t know: tables, and columns of tables that stay.
LOST: Mapping[str, set[str]] = {
    "0027": {"memberships"},
    "0025": {"unsaved_forms"},
    "0024": {"connections.typed_as"},
    "0023": {"sessions.signature", "tokens.signature", "calendars.signature"},
    "0021": {"accounts.passwords_off", "outbox.detail"},
    "0020": {"audit_heads", "chain_links", "chains.number", "chains.head"},
    "0019": {"expected_accounts"},
    "0017": {"failures.slots", "places.is_whole"},
    "0016": {"tokens.proof", "calendars.proof"},
    "0015": {"enrolment_codes", "used_proofs"},
    "0014": {"requests.new_email", "accounts.links_from"},
    "0012": {"outbox.send_from", "outbox.settled_at", "outbox.settled_by"},
    "0011": {"calendars"},
    "0010": {"audits.look_on"},
    "0009": {"accounts", "recovery_codes", "passkeys", "failures", "places", "sessions.browser", "outbox.locked"},
    "0008": {"readings"},
    "0007": {"identities", "sign_in_attempts"},
    "0006": {"tokens.id", "tokens.name", "tokens.scope", "tokens.ends_at", "tokens.used_at"},
    "0005": {"requests", "directory_history"},
    "0004": {"delegations", "connections", "emergencies"},
    "0002": {"unsaved"},
}
# Whose first column is new each time.
KEYS = {"tokens": "digest"}
# Nothing of the queue needs to survive: a job says only that there is something to do.
QUEUE = "procrastinate_"
AUDITS, LONG = int(os.environ.get("AUDITS", "200")), 10_000
WALKED = (("draft", "good"), ("graded", "inadequate"), ("shared", "good"), ("moderated", "inadequate"))


@dataclass(frozen=True)
class Content:
    """Of one table: how many rows, and for each column the sum of the digests of its values, each with its row’s key."""

    rows: int
    columns: Mapping[str, int]


def test_each_migration_down_and_up_keeps_what_it_can(council: Council) -> None:
    down_and_up(council, AUDITS)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_each_migration_down_and_up_keeps_what_it_can_of_ten_thousand_audits(council: Council) -> None:
    down_and_up(council, LONG)


def down_and_up(council: Council, number: int) -> None:
    engine, started = council.engine, perf_counter()
    filled = fill(council, number)
    revisions = list(ScriptDirectory.from_config(schema._config(None)).walk_revisions())
    for revision in revisions[:-1]:
        before = contents(engine)
        schema.downgrade(engine, str(revision.down_revision))
        below = contents(engine)
        up_to(engine, revision.revision)
        compare(before, contents(engine), LOST.get(revision.revision, set()), revision.revision)
        schema.downgrade(engine, str(revision.down_revision))
        assert contents(engine) == below, revision.revision
    schema.downgrade(engine)
    schema.upgrade(engine)
    print(f"{engine.dialect.name}: {len(revisions)} migrations down and up with {filled} audits in {perf_counter() - started:.0f} s")


def fill(council: Council, number: int) -> int:
    world = a_world(council)
    for state, grade in WALKED:
        an_audit(world, at=state, grade=grade)
    closed = an_audit(world, at="actions_closed")
    audit_moves.reopen(world.command_context(), world.person("hos.ppqa"), closed, "One more is needed.", (AN_ACTION,))
    with write_transaction(council.engine) as connection:
        filled = multiply(connection, number // (len(WALKED) + 1) - 1)
        add_edges(connection)
        assert empty_tables(connection) == []
        # What was revoked or has ended does not come to life on the way down.
        connection.exec_driver_sql("UPDATE tokens SET revoked_at = NULL, ends_at = '2099-01-01T00:00:00.000000+00:00'")
        # A count of none is made again where it is needed.
        connection.exec_driver_sql("DELETE FROM tallies WHERE number = 0")
    return filled


def up_to(engine: Engine, revision: str) -> None:
    with write_transaction(engine) as connection:
        command.upgrade(schema._config(connection), revision)


def contents(engine: Engine) -> Mapping[str, Content]:
    with read_transaction(engine) as connection:
        names = (name for name in inspect(connection).get_table_names() if name != "alembic_version" and not name.startswith(QUEUE))
        return {name: content(connection, name) for name in names}


def content(connection: Connection, table: str) -> Content:
    names, rows = [column["name"] for column in inspect(connection).get_columns(table)], 0
    digests, key = dict.fromkeys(names, 0), names.index(KEYS.get(table, names[0]))
    for row in connection.exec_driver_sql(f"SELECT {', '.join(names)} FROM {table}"):
        rows += 1
        for name, digest in zip(names, digests_of(row, row[key]), strict=True):
            digests[name] = (digests[name] + digest) % 2**64
    return Content(rows, digests)


def digests_of(row: Iterable[object], key: object) -> Iterator[int]:
    for value in row:
        shown = bytes(value) if isinstance(value, memoryview) else value
        yield int.from_bytes(hashlib.blake2b(f"{key!r} {shown!r}".encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def compare(before: Mapping[str, Content], after: Mapping[str, Content], lost: set[str], revision: str) -> None:
    assert after.keys() == before.keys(), revision
    differ = set()
    for table, one in before.items():
        other = after[table]
        if one.rows != other.rows:
            differ.add(table)
        else:
            differ |= {f"{table}.{name}" for name, digest in one.columns.items() if other.columns[name] != digest}
    assert differ == lost, revision
