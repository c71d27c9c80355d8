"""What only a database does: lists, migrations, and refusing changes of the record."""

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, true, update
from sqlalchemy.exc import DBAPIError

from tests.factories import FOURTEENTH, GRADED, NOW, STATES, World, a_world, an_audit, assign, save
from tests.support.cheap_apps import SHIPPED_PRAGMAS
from tests.web.support.roles import holds_too
from web.audit_list.queries import AuditFilter, count_by_state, fetch_audits
from web.audits.queries import Before, find_previous_audit
from web.council import Council, prepare
from web.identity.credentials.access_tokens import check_token, create_token
from workflow.commands import actions, audit_moves, emergency_access
from workflow.commands.actions import NewAction
from workflow.commands.directory.connections import declare_connection
from workflow.commands.directory.people import add_person
from workflow.errors import PreconditionsNotMet
from workflow.permissions import relations
from workflow.ports import ReadLogEntry
from workflow.storage import engine, schema, tables
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.visibility import VisibilityFilter
from workflow.storage.visibility_conditions import STAGES


def test_a_list_contains_what_the_permissions_allow_for_everybody_in_every_state(council: Council) -> None:
    world, asked = a_world(council), 0
    references = [an_audit(world, at=state, grade=grade) for state in STATES for grade in ("good", "inadequate")]
    assign(world, references[STATES.index("shared") * 2])
    audit_moves.withdraw(world.command_context(), world.person("auditor"), references[0], "The wrong child.")
    _all_are_bound_up(world, references[STATES.index("moderated") * 2])
    _are_let_in(world, references)
    references += _of_children_with_connections(world)
    references += _judged_by_people_in_posts(council, world)
    directory, audits = council.store.directory(world.now), [world.audit(reference) for reference in references]
    rights = [right for right, stages in council.permissions.table.items() if set(stages.values()) <= STAGES.keys()]
    with read_transaction(council.engine) as connection:
        for person in directory.people.values():
            for right in rights:
                where = VisibilityFilter(person, directory, council.permissions).permitted(right)
                listed = set(connection.execute(select(tables.audits.c.reference).where(where)).scalars())
                allowed = {one.reference for one in audits if council.permissions.allow(right, one, relations(person, one, directory))}
                assert listed == allowed, (person.email, right)
                asked += len(audits)
            reader = VisibilityFilter(person, directory, council.permissions)
            rows, _ = fetch_audits(connection, reader, AuditFilter())
            assert {row.reference for row in rows} == {
                one.reference for one in audits if council.permissions.allow("know", one, relations(person, one, directory))
            }
            assert count_by_state(connection, reader) == Counter(row.state for row in rows), person.email
    print(f"{asked} questions, {len(rights)} rights, {len(directory.connections)} people connected, asked both ways")


CONNECTED = {
    "C-1": ("practitioner", "qa"), "c-2": ("head.of.service",), "C-3": ("head.of.service", "hos.ppqa", "moderator"), "C-4": ("director.safeguarding",),
    "C-5": ("qa", "qa2", "hos.ppqa"), "C-6": ("auditor", "head.of.service2", "head.of.service", "director.safeguarding"),
}  # fmt: skip


def _of_children_with_connections(world: World) -> list[str]:
    """Audits of children with connected people: of the case, or holders of one or several posts."""
    states = ("graded", "shared", "moderated")
    made = [an_audit(world, state, grade="inadequate", details={"child_id": child.upper()}) for child in CONNECTED for state in states]
    made += [an_audit(world, "shared", details={"child_id": child}) for child in ("C-5", "C-7")]
    for child, people in CONNECTED.items():
        for name in people:
            declare_connection(world.command_context(), world.person(name), child)
    return made


IN_POSTS = ("qa", "hos.ppqa", "head.of.service", "director.safeguarding", "director.parenting")


def _judged_by_people_in_posts(council: Council, world: World) -> list[str]:
    """Audits whose moderator has still to judge, and has another right to what gives the grade away."""
    made = []
    for name in IN_POSTS:
        holds_too(council, name, "moderator")
        for grade, child in (("good", "C-8"), ("inadequate", "C-9"), ("inadequate", "C-2"), ("inadequate", "C-4")):
            if not world.store.directory(world.now).is_connected(world.person(name).id, child):
                made.append(an_audit(world, "shared", grade=grade, details={"child_id": child}))
                with suppress(PreconditionsNotMet):  # nobody else answers for a post
                    assign(world, made[-1], name)
    save(world, "hos.ppqa", made[4], "moderation", {"grade": "good", **FOURTEENTH})
    return made


def _are_let_in(world: World, references: list[str]) -> None:
    """Give emergency access to each shared audit to a person without another relation to it; connect one of them to the child afterwards."""
    for number, reference in enumerate(references[STATES.index("shared") * 2 :], start=1):
        name = ("auditor2", "practitioner2", "moderator2")[number % 3]
        emergency_access.ask_to_read_in_emergency(world.command_context(), world.person(name), reference, "A call at night.")
        emergency_access.let_in(world.command_context(), world.person("hos.ppqa"), number)
    assert len(world.store.directory(world.now).emergencies) == 3
    declare_connection(world.command_context(), world.person("moderator2"), "C-1001")


def _all_are_bound_up(world: World, reference: str) -> None:
    for owner in ("qa", "qa2", "hos.ppqa"):
        new = NewAction("Book it.", f"{owner}@demo.example", "2026-12-20")
        actions.add_action(world.command_context(), world.person("qa"), reference, new)


def test_a_page_ends_where_the_next_begins(council: Council) -> None:
    world = a_world(council)
    references = [an_audit(world, at="draft") for _ in range(103)]
    directory, auditor, seen, cursor = council.store.directory(), world.person("auditor"), [], None
    for size in (50, 50, 3):
        with read_transaction(council.engine) as connection:
            rows, cursor = fetch_audits(connection, VisibilityFilter(auditor, directory, council.permissions), AuditFilter(cursor=cursor))
        assert len(rows) == size
        seen += [row.reference for row in rows]
    assert cursor is None
    assert seen == references[::-1]


@pytest.mark.parametrize("q", ["%", "_", "C-100%", "\\", "'", "c-1001 OR 1=1"])
def test_a_search_takes_no_wildcards(council: Council, q: str) -> None:
    world = a_world(council)
    an_audit(world, at="draft")
    with read_transaction(council.engine) as connection:
        wanted = AuditFilter(q=q)
        rows, _ = fetch_audits(
            connection, VisibilityFilter(world.person("auditor"), council.store.directory(), council.permissions), wanted
        )
    assert rows == []


def test_the_childs_last_audit_is_read_with_its_grades(council: Council) -> None:
    world = a_world(council)
    for day in ("2026-03-01", "2026-05-12", "2026-04-01"):
        an_audit(world, at="moderated", details={"audit_date": day})
    now = an_audit(world, at="draft")
    with read_transaction(council.engine) as connection:
        last = find_previous_audit(connection, Before(now, "c1001", date(2026, 11, 20)), true())
        none = find_previous_audit(connection, Before(now, "c9", date(2026, 11, 20)), true())
    assert none is None
    assert last is not None
    assert (last.audited_on.isoformat(), last.overall_grade, last.unfinished) == ("2026-05-12", "good", 1)
    assert last.grades == dict.fromkeys(GRADED, "good")


@pytest.mark.filterwarnings("ignore:.* expression-based index")
def test_the_migrations_make_the_tables_and_can_be_reverted(council: Council) -> None:
    # What the tables say of SQLite's own partial indexes can't be read back from it.
    with read_transaction(council.engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": schema.is_ours})
        assert compare_metadata(context, tables.metadata) == []
    schema.downgrade(council.engine)
    assert inspect(council.engine).get_table_names() == ["alembic_version"]
    schema.upgrade(council.engine)
    assert schema.is_current(council.engine)
    assert set(tables.metadata.tables) < set(inspect(council.engine).get_table_names())


def test_what_gave_access_before_is_signed_once_by_the_upgrade(council: Council) -> None:
    world = a_world(council)
    token = create_token(council, world.person("auditor"))
    schema.downgrade(council.engine, "0022")
    prepare(council)
    assert check_token(council, token, lambda _: False)
    with write_transaction(council.engine) as connection:
        connection.execute(update(tables.tokens).values(signature=None))
    prepare(council)
    assert not check_token(council, token, lambda _: False), "only what was there before the upgrade is signed"


def test_a_token_made_before_tokens_expired_expires_too(council: Council) -> None:
    schema.downgrade(council.engine, "0004")
    with write_transaction(council.engine) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO tokens (digest, person_id, created_at) VALUES ('{'a' * 64}', 1, '2026-01-01T00:00:00.000000+00:00')"
        )
    schema.upgrade(council.engine)
    with read_transaction(council.engine) as connection:
        (token,) = connection.execute(select(tables.tokens)).all()
    assert (token.scope, token.person_id, token.revoked_at) == ("read and write", 1, None)
    assert timedelta(days=89) < token.ends_at - datetime.now(UTC) <= timedelta(days=90)
    schema.downgrade(council.engine, "0004")
    schema.upgrade(council.engine)


@pytest.mark.parametrize(
    ("table", "column"), [("history", "audit_id"), ("seals", "audit_id"), ("directory_history", "verb"), ("readings", "reference")]
)
def test_the_record_can_only_be_added_to(council: Council, table: str, column: str) -> None:
    world = a_world(council)
    an_audit(world, at="shared")
    add_person(world.command_context(), world.person("admin"), "Nia New", "nia.new@demo.example")
    council.store.log_readings([ReadLogEntry(1, "Somebody", "k7f3-2qxy", 1, 1, "page", "audits.read", NOW)])
    for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="only ever added to"), write_transaction(council.engine) as connection:
            connection.exec_driver_sql(change)


def test_a_commit_on_sqlite_outlives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As shipped: the other tests do not wait for the disk."""
    monkeypatch.setattr(engine, "SQLITE_PRAGMAS", SHIPPED_PRAGMAS)
    opened = engine.open_engine(f"sqlite:///{tmp_path / 'test.db'}")
    with opened.connect() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert pragmas == ["wal", 2, 1]
    opened.dispose()
