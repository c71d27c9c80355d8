"""What one person alone changes in the directory is told to others: at once, then at most once an hour, and nothing is left out."""

from notifications.scheduling.worker import run_once
from tests.factories import World
from tests.workflow.commands.directory.support import answer, give, sent_notices
from web.council import Council
from workflow.commands.directory import people, roles, units
from workflow.directory import Duty
from workflow.role_assignments import Unit

WATCHERS = ["governance", "hos.ppqa"]


def told(world: World, council: Council) -> list[str]:
    run_once(council.worker_context, world.now)
    return sorted(sent_notices(world, "directory_changed"))


def add(world: World, name: str) -> int:
    return people.add_person(world.command_context(), world.person("admin"), name, f"{name}@demo.example")


def test_changes_are_told_at_once_and_then_once_an_hour(world: World, council: Council) -> None:
    assert told(world, council) == []
    add(world, "one")
    assert told(world, council) == WATCHERS
    world.passes(minutes=5)
    add(world, "two")
    assert told(world, council) == WATCHERS
    world.passes(minutes=56)
    assert told(world, council) == sorted(2 * WATCHERS)
    world.passes(hours=3)
    assert told(world, council) == sorted(2 * WATCHERS)


def test_a_change_is_told_after_the_worker_was_down(world: World, council: Council) -> None:
    add(world, "one")
    told(world, council)
    add(world, "two")
    world.passes(days=30)
    assert told(world, council) == sorted(2 * WATCHERS)


def test_what_a_second_person_agreed_to_is_not_told_again(world: World, council: Council) -> None:
    give(world, "admin", "moderator2", "qa")
    answer(world, "hos.ppqa")
    assert told(world, council) == []


def test_a_moved_team_is_told_and_where_nobody_watches_the_qa_inbox_is(world: World, council: Council) -> None:
    admin = world.person("admin")
    for name, role in (("hos.ppqa", "hos_ppqa"), ("governance", "governance")):
        roles.take_role(world.command_context(), admin, world.person(name).id, Duty(role))
    units.change_unit(world.command_context(), admin, Unit("team", "assessment-east", "Assessment East", "care"))
    assert told(world, council) == ["QA inbox"]
