"""The directory’s commands: an administrator edits, never themselves; a second person grants; nobody grants themselves anything."""

from collections.abc import Callable

import pytest

from tests.factories import PERMISSIONS, TODAY, World, an_audit, assign
from tests.workflow.commands.directory.support import EVERYBODY, answer, duty, give, held, kept, pass_on, passed_on, sent_notices
from workflow.commands.directory import people, roles, units
from workflow.commands.directory.second_person import GIVEN, WAITS
from workflow.directory import Duty
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.role_assignments import Unit
from workflow.roles import ROLES

Command = Callable[[World, str], object]


EDITS: dict[str, Command] = {
    "add": lambda world, by: people.add_person(world.command_context(), world.person(by), "New Person", "new@demo.example"),
    "change": lambda world, by: people.change_person(world.command_context(), world.person(by), world.person("moderator2").id, "M", "moderator2@demo.example"),
    "give": lambda world, by: give(world, by, "moderator2", "auditor"),
    "take": lambda world, by: roles.take_role(world.command_context(), world.person(by), world.person("moderator2").id, Duty("moderator")),
    "ask": lambda world, by: give(world, by, "moderator2", "qa"),
    "team": lambda world, by: units.add_unit(world.command_context(), world.person(by), Unit("team", "new", "New", "care")),
    "leave": lambda world, by: people.mark_as_left(world.command_context(), world.person(by), world.person("moderator2").id),
    "move": lambda world, by: units.change_unit(world.command_context(), world.person(by), Unit("team", "care-west", "CW", "assessment")),
}  # fmt: skip


@pytest.mark.parametrize("name", EVERYBODY)
def test_only_an_administrator_edits_and_what_is_refused_changes_nothing(world: World, name: str) -> None:
    for edit in EDITS.values():
        before, version = held(world), world.store.directory().version
        if name == "admin":
            edit(world, name)
            assert world.store.directory().version > version
            continue
        with pytest.raises(PermissionDenied):
            edit(world, name)
        assert held(world) == before
    assert len(kept(world)) == (len(EDITS) if name == "admin" else 0)


@pytest.mark.parametrize("role", ROLES)
def test_a_privileged_role_waits_for_a_second_person(world: World, role: str) -> None:
    to = "moderator2" if role != "admin" else "governance"
    if role == "moderator":
        to = "auditor2"
    waits = role in PERMISSIONS.table["privileged"]
    assert give(world, "admin", to, role) == (WAITS if waits else GIVEN)
    assert (duty(role) in world.person(to).duties) is not waits
    assert sent_notices(world, "privileged_role_asked_for") == (["hos.ppqa"] if waits else [])
    if waits:
        for somebody in {*EVERYBODY, to} - {"hos.ppqa"}:
            with pytest.raises(PermissionDenied):
                answer(world, somebody)
        answer(world, "hos.ppqa")
        assert duty(role) in world.person(to).duties
        with pytest.raises(NotFound):
            answer(world, "hos.ppqa")


def test_what_is_refused_is_not_given(world: World) -> None:
    give(world, "admin", "moderator2", "qa")
    answer(world, "hos.ppqa", granted=False)
    assert "qa" not in world.person("moderator2").roles
    assert [verb for _, verb, _ in kept(world)] == ["role_asked_for", "request_refused"]


def test_where_nobody_independent_holds_the_post_a_director_agrees(world: World) -> None:
    give(world, "admin", "hos.ppqa", "qa")
    with pytest.raises(PermissionDenied):
        answer(world, "hos.ppqa")
    answer(world, "director.parenting")
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("hos.ppqa").id)
    give(world, "admin", "moderator2", "hos_ppqa")
    answer(world, "director.safeguarding", 2)
    assert world.person("moderator2").roles == {"moderator", "hos_ppqa"}


def test_nobody_grants_themselves_anything(world: World) -> None:
    tried = 0
    for name in EVERYBODY:
        before = world.person(name).duties
        for role in ROLES:
            for deputy in (False, True):
                with pytest.raises((PermissionDenied, BadInput)):
                    give(world, name, name, role, deputy=deputy)
                with pytest.raises((PermissionDenied, BadInput)):
                    pass_on(world, name, name, duty(role, deputy=deputy), giver="qa")
                with pytest.raises((PermissionDenied, BadInput)):
                    pass_on(world, name, name, duty(role, deputy=deputy))
                tried += 3
        assert world.person(name).duties == before
    print(f"{tried} ways to grant oneself something: none worked")


def test_an_administrator_can_neither_be_given_content_nor_lent_it(world: World) -> None:
    with pytest.raises(BadInput, match="can’t be accepted"):
        pass_on(world, "auditor", "admin", Duty("auditor"))
    pass_on(world, "auditor", "governance", Duty("auditor"), days=("2026-12-10", "2026-12-20"))
    with pytest.raises(BadInput):
        give(world, "admin", "governance", "admin")
    with pytest.raises(BadInput):
        give(world, "admin", "qa", "admin")


def test_a_request_is_checked_again_when_it_is_granted(world: World) -> None:
    give(world, "admin", "governance", "admin")
    give(world, "admin", "governance", "auditor")
    with pytest.raises(BadInput):
        answer(world, "hos.ppqa")
    give(world, "admin", "moderator2", "qa")
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("moderator2").id)
    with pytest.raises(NotFound):
        answer(world, "hos.ppqa", 2)
    assert "qa" not in world.person("moderator2").roles


def test_what_a_leaver_held_is_told_to_the_qa_service_and_their_name_stays(world: World) -> None:
    draft, shared, other = an_audit(world, "draft"), an_audit(world, "shared"), an_audit(world, "shared")
    assign(world, other)
    for name in ("auditor", "practitioner", "moderator"):
        people.mark_as_left(world.command_context(), world.person("admin"), world.person(name).id)
    assert passed_on(world) == [(draft, None), (shared, 1), (other, 1), (other, None)]
    assert (world.person("auditor").name, world.person("auditor").duties) == ("Amara Okafor", frozenset())
    people.mark_as_back(world.command_context(), world.person("admin"), world.person("auditor").id)
    assert world.person("auditor").duties == frozenset()


def test_a_role_taken_passes_on_what_waited_in_it(world: World) -> None:
    draft, shared = an_audit(world, "draft"), an_audit(world, "shared")
    assign(world, shared)
    for name in ("auditor", "moderator", "practitioner"):
        roles.take_role(world.command_context(), world.person("admin"), world.person(name).id, Duty(name))
    assert passed_on(world) == [(draft, None), (shared, None)]


def test_nobody_changes_themselves(world: World) -> None:
    admin = world.person("admin")
    for edit in (
        lambda: people.change_person(world.command_context(), admin, admin.id, "Me", "me@demo.example"),
        lambda: people.mark_as_left(world.command_context(), admin, admin.id),
        lambda: roles.take_role(world.command_context(), admin, admin.id, Duty("admin")),
    ):
        with pytest.raises(PermissionDenied):
            edit()
    people.change_person(world.command_context(), admin, world.person("hos.ppqa").id, "Paula Pemberton-Hale", "hos.ppqa@demo.example")
    assert world.person("hos.ppqa").name == "Paula Pemberton-Hale"


@pytest.mark.parametrize("email", ["", "nobody", "a b@c", "a@b,c@d", "AUDITOR@demo.example", "x" * 251 + "@b.c", "a@b\nc", None])
def test_an_address_that_can_not_be_is_refused(world: World, email: object) -> None:
    before = held(world)
    with pytest.raises(BadInput):
        people.add_person(world.command_context(), world.person("admin"), "Somebody", email)
    assert held(world) == before


@pytest.mark.parametrize(
    "unit", [Unit("team", "care-west", "Again", "care"), Unit("team", "Not a code", "X", "care"), Unit("team", "x", "X", "nowhere"),
             Unit("service", "care", "X", "parenting"), Unit("branch", "x", ""), Unit("branch", "assessment", "X")]
)  # fmt: skip
def test_a_unit_that_can_not_be_is_refused(world: World, unit: Unit) -> None:
    with pytest.raises(BadInput):
        units.add_unit(world.command_context(), world.person("admin"), unit)


def test_a_council_is_arranged(world: World) -> None:
    admin = world.person("admin")
    for unit in (
        Unit("branch", "north", "North"),
        Unit("service", "fostering", "Fostering", "north"),
        Unit("team", "f-1", "F One", "fostering"),
    ):
        units.add_unit(world.command_context(), admin, unit)
    units.change_unit(world.command_context(), admin, Unit("team", "care-west", "Care West", "fostering"))
    teams = world.store.directory().teams
    assert {code: (team.service, team.branch) for code, team in teams.items()} == {
        "assessment-east": ("assessment", "safeguarding"), "care-west": ("fostering", "north"), "f-1": ("fostering", "north"),
    }  # fmt: skip
    assert [verb for _, verb, _ in kept(world)] == ["branch_added", "service_added", "team_added", "team_changed"]
    assert world.now.date() == TODAY


def test_the_next_in_line_is_told_what_falls_to_them(world: World) -> None:
    reference = an_audit(world, "shared")
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("team.manager").id)
    assert sent_notices(world, "duty_fell") == [f"service.manager {reference}"]
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("practitioner").id)
    assert sent_notices(world, "duty_fell") == [f"service.manager {reference}"] * 2, "the action, whose owner has gone too"
