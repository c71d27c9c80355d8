"""The same on both databases: a changed address, a leaver, and whether a role opens audits."""

from sqlalchemy import select

from tests.factories import a_world, an_audit
from tests.workflow.commands.directory.support import answer, give
from web.council import Council
from workflow.commands.directory import people, roles
from workflow.commands.directory.second_person import WAITS
from workflow.directory import Duty
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox

NEW = "new@demo.example"


def test_an_address_changes_with_a_second_person_and_the_old_one_is_notified(council: Council) -> None:
    world = a_world(council)
    person = world.person("team.manager")
    assert people.change_person(world.command_context(), world.person("admin"), person.id, person.name, NEW) == WAITS
    assert [one.new_email for one in world.store.directory().requests] == [NEW]
    answer(world, "hos.ppqa")
    assert world.person("new").id == person.id
    with read_transaction(council.engine) as connection:
        sent = connection.execute(select(outbox.c.sent_to).where(outbox.c.event == "address_changed")).scalars().all()
    assert sent == [person.email]


def test_a_leaver_waits_for_a_second_person_in_what_they_were(council: Council) -> None:
    world = a_world(council)
    an_audit(world, "shared")
    admin, person = world.person("admin"), world.person("team.manager")
    give(world, "admin", "team.manager", "qa")
    people.mark_as_left(world.command_context(), admin, person.id)
    people.mark_as_back(world.command_context(), admin, person.id)
    assert world.store.directory().requests == ()
    assert people.change_person(world.command_context(), admin, person.id, person.name, NEW) == WAITS
    assert roles.give_role(world.command_context(), admin, person.id, Duty("team_manager")) == WAITS
