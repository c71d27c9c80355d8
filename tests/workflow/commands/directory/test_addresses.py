"""A new email address: a second person agrees to it, the old address is told, and what was open to the old one ends."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from tests.factories import World, an_audit
from tests.workflow.commands.directory.support import EVERYBODY, answer, give, kept, pass_on, sent_notices
from workflow.commands.directory import people, roles
from workflow.commands.directory.second_person import GIVEN, WAITS
from workflow.directory import Duty
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.roles import NAMED_ROLES
from workflow.storage.audit_writer import new_outbox_values
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import calendars, outbox, sessions, tokens

NEW = "new@demo.example"


def change(world: World, name: str, email: str = NEW, by: str = "admin") -> str:
    person = world.person(name)
    return people.change_person(world.command_context(), world.person(by), person.id, person.name, email)


def an_invented_person(world: World) -> int:
    return people.add_person(world.command_context(), world.person("admin"), "Invented", "invented@demo.example")


@pytest.mark.parametrize("name", EVERYBODY)
def test_the_address_of_anybody_with_a_role_waits_for_somebody_independent(world: World, name: str) -> None:
    if name == "admin":
        give(world, "admin", "governance", "admin")
        answer(world, "hos.ppqa")
    by, request = ("governance", 2) if name == "admin" else ("admin", 1)
    before = world.person(name)
    assert change(world, name, by=by) == WAITS
    assert world.person(name) == before
    may = "hos.ppqa" if name != "hos.ppqa" else "director.parenting"
    assert may in sent_notices(world, "address_change_asked_for")
    for somebody in set(EVERYBODY) - {may}:
        with pytest.raises(PermissionDenied):
            answer(world, somebody, request)
    answer(world, may, request)
    assert world.store.directory().people[before.id].email == NEW
    with pytest.raises(NotFound):
        answer(world, may, request)
    assert [verb for _, verb, _ in kept(world)][-2:] == ["address_asked_for", "address_granted"]


def test_a_refused_address_changes_nothing_but_a_name_is_stored_at_once(world: World) -> None:
    person = world.person("team.manager")
    assert people.change_person(world.command_context(), world.person("admin"), person.id, "Temi Okoro", NEW) == WAITS
    with pytest.raises(BadInput, match="can’t be accepted"):
        change(world, "team.manager", "another@demo.example")
    answer(world, "hos.ppqa", granted=False)
    assert (world.person("team.manager").name, sent(world)) == ("Temi Okoro", [])
    assert sent_notices(world, "name_changed") == ["team.manager"]
    assert [verb for _, verb, _ in kept(world)] == ["address_asked_for", "changed", "address_refused"]


def test_an_address_taken_meanwhile_is_not_given(world: World) -> None:
    change(world, "team.manager")
    people.add_person(world.command_context(), world.person("admin"), "Invented", NEW)
    with pytest.raises(BadInput):
        answer(world, "hos.ppqa")


def test_only_the_address_of_somebody_who_never_had_a_role_changes_at_once(world: World) -> None:
    """Whatever else is done to them first by the same person: a role may be given back afterwards."""
    person_id, admin = an_invented_person(world), world.person("admin")
    person = world.store.directory().people[person_id]
    assert people.change_person(world.command_context(), admin, person_id, person.name, NEW) == GIVEN
    assert sent(world) == ["invented@demo.example"]
    roles.give_role(world.command_context(), admin, person_id, Duty("qa"))
    assert people.change_person(world.command_context(), admin, person_id, person.name, "other@demo.example") == WAITS
    roles.take_role(world.command_context(), admin, world.person("team.manager").id, Duty("team_manager"))
    assert change(world, "team.manager", "third@demo.example") == WAITS
    people.mark_as_left(world.command_context(), admin, world.person("moderator").id)
    assert change(world, "moderator", "fourth@demo.example") == WAITS


def test_the_old_address_is_told_and_what_was_open_ends(world: World) -> None:
    person_id = world.person("team.manager").id
    open_to(world, person_id)
    change(world, "team.manager")
    assert {table: len(rows_of(world, table)) for table in (sessions, calendars)} == {sessions: 1, calendars: 1}
    answer(world, "hos.ppqa")
    assert {table: len(rows_of(world, table)) for table in (sessions, calendars)} == {sessions: 0, calendars: 0}
    assert [row.revoked_at for row in rows_of(world, tokens)] == [world.now]
    assert sent(world) == ["team.manager@demo.example"]
    link, news = (next(row for row in rows_of(world, outbox) if row.key == key) for key in ("link", "news"))
    assert (link.state, link.locked) == ("cancelled", None)
    assert (news.state, news.body, news.sent_to) == ("waiting", None, None)


@pytest.mark.parametrize("role", [role for role in NAMED_ROLES if role != "moderator"])
def test_a_role_that_opens_audits_waits_for_a_second_person(world: World, role: str) -> None:
    an_audit(world, "shared")
    name = role.replace("_", ".")
    roles.take_role(world.command_context(), world.person("admin"), world.person(name).id, Duty(role))
    assert give(world, "admin", name, role) == WAITS
    with pytest.raises(NotFound):
        answer(world, "hos.ppqa", 2)
    assert (world.person(name).duties, sent_notices(world, "privileged_role_asked_for")) == (frozenset(), ["hos.ppqa"])
    assert give(world, "admin", "moderator2", role) == GIVEN
    assert pass_on(world, "admin", name, Duty(role), giver="moderator2") == WAITS
    answer(world, "hos.ppqa")
    assert world.person(name).roles == {role}


def open_to(world: World, person_id: int) -> None:
    """A session, a token, a calendar, an emailed link that waits, and news that was tried once."""
    later = world.now + timedelta(days=9)
    waits = {"recipient": person_id, "reference": "", **new_outbox_values(world.now, world.now)}
    rows: dict[Any, dict[str, object]] = {
        sessions: {"digest": "s", "content": {}, "created_at": world.now, "seen_at": world.now},
        tokens: {"digest": "t", "name": "t", "scope": "read", "created_at": world.now, "ends_at": later},
        calendars: {"digest": "c", "made_at": world.now},
    }
    with write_transaction(world.store.engine) as connection:
        for table, row in rows.items():
            connection.execute(insert(table).values(person_id=person_id, **row))
        connection.execute(insert(outbox).values(key="link", event="password_reset", locked=b"l", **waits))
        connection.execute(insert(outbox).values(key="news", event="audit_shared", **waits))
        connection.execute(
            update(outbox).where(outbox.c.key == "news").values(body=b"b", message_id="m", sent_to="team.manager@demo.example")
        )


def rows_of(world: World, table: Any) -> list[Any]:
    with read_transaction(world.store.engine) as connection:
        return list(connection.execute(select(table)))


def sent(world: World) -> list[str]:
    """The addresses that are told."""
    return [row.sent_to for row in rows_of(world, outbox) if row.event == "address_changed"]
