"""What somebody is to an audit: the role and the tie, both, and today."""

from dataclasses import replace

import pytest

from tests.factories import STATES, World, an_audit, assign
from workflow.commands.audit_view import see
from workflow.directory import Directory, Person
from workflow.errors import NotFound
from workflow.permissions import relations

PEOPLE = (
    "auditor",
    "practitioner",
    "team.manager",
    "service.manager",
    "qaro",
    "qa",
    "head.of.service",
    "director.safeguarding",
    "hos.ppqa",
)


def _with(world: World, person: Person) -> None:
    old: Directory = world.store.directory()
    world.store._directory = Directory(old.version + 1, {**old.people, person.id: person}, old.teams, old.names, old.next_up)


@pytest.mark.parametrize("who", [*PEOPLE, "moderator"])
def test_somebody_who_left_is_nothing_to_it_any_more(fake_world: World, who: str) -> None:
    reference = an_audit(fake_world, at="shared", grade="inadequate")
    assign(fake_world, reference)
    assert relations(fake_world.person(who), fake_world.audit(reference), fake_world.store.directory())
    _with(fake_world, replace(fake_world.person(who), is_active=False))
    assert not relations(fake_world.person(who), fake_world.audit(reference), fake_world.store.directory())
    with pytest.raises(NotFound):
        see(fake_world.command_context(), fake_world.person(who), reference)


NAMED_IN_THE_ESCALATION = {"head.of.service", "director.safeguarding", "hos.ppqa"}
"""They keep sight of the audit that was escalated to them (rules, section 3)."""


@pytest.mark.parametrize("who", [*PEOPLE, "moderator"])
def test_somebody_whose_role_was_removed_may_no_longer_know(fake_world: World, who: str) -> None:
    reference = an_audit(fake_world, at="shared", grade="inadequate", details={"practitioner": "practitioner@demo.example"})
    assign(fake_world, reference)
    person = replace(fake_world.person(who), duties=frozenset())
    _with(fake_world, person)
    left = {"owner"} if who == "practitioner" else {"former_recipient"} if who in NAMED_IN_THE_ESCALATION else set()
    assert relations(person, fake_world.audit(reference), fake_world.store.directory()) == left


@pytest.mark.parametrize("state", STATES)
def test_the_other_teams_people_never_know(fake_world: World, state: str) -> None:
    reference = an_audit(fake_world, at=state, grade="inadequate")
    for who in ("auditor2", "practitioner2", "team.manager2", "head.of.service2", "director.parenting", "moderator2"):
        with pytest.raises(NotFound):
            see(fake_world.command_context(), fake_world.person(who), reference)
