"""Who may be named on an audit: people who hold the role now, by whatever way, and could open what they are told to read."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from tests.factories import DETAILS, PERMISSIONS, World, a_fake_world, an_audit, assign, save
from workflow.commands import actions, audit_moves, drafting
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import see
from workflow.directory import Directory, Duty, Person
from workflow.duty_holders import holder_of
from workflow.errors import BadInput, NotFound, PreconditionsNotMet
from workflow.naming import reason_not_to_name
from workflow.permissions import relations
from workflow.roles import CASE_ROLES, CONTENT_FREE, NAMED_ROLES, ROLES

HOLDERS = {
    "auditor": "auditor", "practitioner": "practitioner", "team_manager": "team.manager", "service_manager": "service.manager",
    "qaro": "qaro", "moderator": "moderator", "qa": "qa", "head_of_service": "head.of.service", "hos_ppqa": "hos.ppqa",
    "director": "director.safeguarding", "governance": "governance", "admin": "admin",
}  # fmt: skip


@pytest.fixture(scope="module")
def world() -> World:
    return a_fake_world()


@pytest.fixture(scope="module")
def reference(world: World) -> str:
    return an_audit(world, "graded", auditor="auditor2")


@pytest.mark.parametrize("role", [*NAMED_ROLES, "owner"])
@pytest.mark.parametrize("held", ROLES)
def test_only_people_who_hold_the_role_are_named(world: World, reference: str, role: str, held: str) -> None:
    may = held == role if role != "owner" else held not in CONTENT_FREE
    assert (_reason(world, reference, world.person(HOLDERS[held]), role) == "") == may


@pytest.mark.parametrize("role", [*NAMED_ROLES, "owner"])
def test_nobody_is_named_who_left_or_is_connected(world: World, reference: str, role: str) -> None:
    person = world.person(HOLDERS.get(role, "qaro"))
    connected = {person.id: frozenset({"c1001"})}
    assert _reason(world, reference, person, role, connections=connected) == f"{person.name} can’t be given this: choose somebody else."
    gone, unreachable = replace(person, is_active=False), replace(person, email="none")
    assert _reason(world, reference, gone, role) == f"{person.name} has left: choose somebody else."
    assert _reason(world, reference, unreachable, role) == f"{person.name} has no email address: choose somebody else."


@pytest.mark.parametrize("role", [*NAMED_ROLES, "owner"])
def test_who_may_be_named_could_open_the_audit_once_it_is_shared(world: World, role: str) -> None:
    reference = an_audit(world, "shared")
    assign(world, reference)
    audit, person, directory = world.audit(reference), world.person(HOLDERS.get(role, "practitioner")), world.store.directory(world.now)
    assert _reason(world, reference, person, role) == ""
    assert PERMISSIONS.allow("know" if role == "owner" else "read_audit", audit, relations(person, audit, directory) & {role})


@pytest.mark.parametrize("role", CASE_ROLES)
def test_a_role_held_for_a_time_counts_and_governance_beside_it_does_not(world: World, reference: str, role: str) -> None:
    person = world.person("qa")
    assert _reason(world, reference, replace(person, duties=person.duties | {Duty(role)}), role) == ""
    governs = replace(person, duties=person.duties | {Duty(role), Duty("governance")})
    assert _reason(world, reference, governs, role) == "Ana Quirke does not work with cases: choose somebody else."


def test_sharing_says_which_name_is_wrong() -> None:
    world = a_fake_world()
    reference = an_audit(world, "graded", details={"team_manager": "practitioner2@demo.example", "qaro": "service.manager@demo.example"})
    with pytest.raises(PreconditionsNotMet) as refused:
        audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assert [(one.field, one.message) for one in refused.value.missing] == [
        ("team_manager", "Team Manager: Callum Reid is not a Team Manager: choose somebody else."),
        ("qaro", "QARO: Sian Pritchard is not a QARO: choose somebody else."),
    ]
    save(world, "auditor", reference, "details", DETAILS)
    assert audit_moves.share(world.command_context(), world.person("auditor"), reference).state == "shared"


@pytest.mark.parametrize("name", ["admin", "governance"])
def test_an_action_that_they_owned_before_shows_them_nothing_and_falls_to_the_team_manager(name: str) -> None:
    world = a_fake_world()
    reference, person = an_audit(world, "shared"), world.person(name)
    audit = world.audit(reference)
    world.store.audits[reference] = audit = replace(audit, actions=(replace(audit.actions[0], owner_id=person.id),))
    assert "owner" not in relations(person, audit, world.store.directory(world.now))
    assert not see(world.command_context(), person, reference).actions
    with pytest.raises(NotFound):
        actions.record_progress(world.command_context(), person, reference, 1, "Begun.")
    assert holder_of("owner", audit, world.store.directory(world.now), 1).answers == (world.person("team.manager"),)


@pytest.mark.parametrize("name", ["admin", "governance"])
def test_administrators_and_governance_are_refused_when_they_are_typed(world: World, reference: str, name: str) -> None:
    address, context = f"{name}@demo.example", world.command_context()
    auditor, qa, given = world.person("auditor2"), world.person("qa"), NewAction("Visit.", address, "2026-12-20")
    closed = an_audit(world, "actions_closed", auditor="auditor2")
    ways: list[Callable[[], object]] = [
        *(partial(save, world, "auditor2", reference, "details", {**DETAILS, role: address}) for role in CASE_ROLES),
        *(partial(drafting.start_audit, context, auditor, {role: address}) for role in CASE_ROLES),
        partial(actions.add_action, context, auditor, reference, given),
        partial(actions.change_action, context, auditor, reference, 1, given),
        partial(audit_moves.reopen, context, qa, closed, "More to do.", (given,)),
    ]
    for way in ways:
        with pytest.raises(BadInput) as refused:
            way()
        assert [one.message.endswith(" does not work with cases: choose somebody else.") for one in refused.value.missing] == [True]


def _reason(world: World, reference: str, person: Person, role: str, **facts: object) -> str:
    directory: Directory = world.store.directory(world.now)
    people = {**directory.people, person.id: person}
    return reason_not_to_name(person, role, world.audit(reference), replace(directory, people=people, **facts), PERMISSIONS.titles)  # type: ignore[arg-type]
