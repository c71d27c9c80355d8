"""What somebody is to an audit: the role and the tie, both, and today."""

from dataclasses import replace

import pytest

from tests.factories import STATES, House, an_audit, assign
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


def _with(house: House, person: Person) -> None:
    old: Directory = house.store.directory()
    house.store._directory = Directory(old.version + 1, {**old.people, person.id: person}, old.teams, old.names, old.next_up)


@pytest.mark.parametrize("who", [*PEOPLE, "moderator"])
def test_somebody_who_left_is_nothing_to_it_any_more(fake_house: House, who: str) -> None:
    reference = an_audit(fake_house, at="shared", grade="inadequate")
    assign(fake_house, reference)
    assert relations(fake_house.person(who), fake_house.audit(reference), fake_house.store.directory())
    _with(fake_house, replace(fake_house.person(who), is_active=False))
    assert not relations(fake_house.person(who), fake_house.audit(reference), fake_house.store.directory())
    with pytest.raises(NotFound):
        see(fake_house.command_context(), fake_house.person(who), reference)


@pytest.mark.parametrize("who", [*PEOPLE, "moderator"])
def test_somebody_whose_role_was_taken_away_may_not_know_any_more(fake_house: House, who: str) -> None:
    reference = an_audit(fake_house, at="shared", grade="inadequate", details={"practitioner": "practitioner@demo.example"})
    assign(fake_house, reference)
    person = replace(fake_house.person(who), duties=frozenset())
    _with(fake_house, person)
    left = {"owner"} if who == "practitioner" else set()
    assert relations(person, fake_house.audit(reference), fake_house.store.directory()) == left


@pytest.mark.parametrize("state", STATES)
def test_the_other_teams_people_never_know(fake_house: House, state: str) -> None:
    reference = an_audit(fake_house, at=state, grade="inadequate")
    for who in ("auditor2", "practitioner2", "team.manager2", "head.of.service2", "director.parenting", "moderator2"):
        with pytest.raises(NotFound):
            see(fake_house.command_context(), fake_house.person(who), reference)
