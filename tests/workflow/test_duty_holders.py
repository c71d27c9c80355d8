"""Who answers for each duty on an audit now."""

from dataclasses import replace

import pytest

from tests.factories import World, an_audit, assign
from workflow import duty_holders
from workflow.child_ids import child_key
from workflow.commands import action_moves, escalations
from workflow.directory import Directory, Duty, Person
from workflow.duty_holders import duties_of, holder_of
from workflow.errors import PermissionDenied

GONE = {
    duty_holders.LEFT: lambda person: replace(person, is_active=False),
    duty_holders.NO_ROLE: lambda person: replace(person, duties=frozenset({Duty("governance")})),
    duty_holders.NO_ADDRESS: lambda person: replace(person, email="nobody"),
}
FALLS = {
    "practitioner": ("practitioner", "qa", ["qa", "qa2"]),
    "team_manager": ("team.manager", "service_manager", ["service.manager"]),
    "service_manager": ("service.manager", "qa", ["qa", "qa2"]),
    "qaro": ("qaro", "qa", ["qa", "qa2"]),
    "moderator": ("moderator", "qa", ["qa", "qa2"]),
    "owner": ("practitioner", "team_manager", ["team.manager"]),
    "head_of_service": ("head.of.service", "head_of_service", ["director.safeguarding"]),
    "hos_ppqa": ("hos.ppqa", "hos_ppqa", ["director.safeguarding"]),
}


def _put(world: World, *people: Person) -> None:
    old: Directory = world.store.directory()
    world.store._directory = replace(old, version=old.version + 1, people={**old.people, **{one.id: one for one in people}})


def _names(people: tuple[Person, ...]) -> list[str]:
    return sorted(one.email.removesuffix("@demo.example") for one in people)


def _shared(world: World) -> str:
    reference = an_audit(world, at="shared", grade="inadequate")
    assign(world, reference)
    return reference


@pytest.mark.parametrize("why", GONE)
@pytest.mark.parametrize("duty", FALLS)
def test_a_duty_falls_to_the_next_in_line(fake_world: World, duty: str, why: str) -> None:
    who, fell_to, names = FALLS[duty]
    reference = _shared(fake_world)
    audit, directory = fake_world.audit(reference), fake_world.store.directory()
    before = holder_of(duty, audit, directory, 1)
    assert (before.is_held, before.fell_to, _names(before.answers)) == (True, "", [who])
    _put(fake_world, GONE[why](fake_world.person(who)))
    after = next(one for one in duties_of(audit, fake_world.store.directory()) if one.duty == duty)
    assert not after.is_held
    assert (after.fell_to, _names(after.answers)) == (fell_to, names)


def test_somebody_connected_to_the_child_answers_for_nothing(fake_world: World) -> None:
    audit = fake_world.audit(_shared(fake_world))
    manager = fake_world.person("team.manager")
    directory = replace(fake_world.store.directory(), connections={manager.id: frozenset({str(child_key("C-1001"))})})
    found = holder_of("team_manager", audit, directory)
    assert (found.why_not, _names(found.answers)) == (duty_holders.CONNECTED, ["service.manager"])


def test_who_was_handed_a_role_answers_beside_the_one_who_gave_it(fake_world: World) -> None:
    audit, manager, other = fake_world.audit(_shared(fake_world)), fake_world.person("team.manager"), fake_world.person("team.manager2")
    directory = replace(fake_world.store.directory(), delegates={(manager.id, "team_manager"): frozenset({other.id})})
    assert _names(holder_of("team_manager", audit, directory).answers) == ["team.manager", "team.manager2"]


@pytest.mark.parametrize("gone", [("team.manager",), ("team.manager", "service.manager")])
def test_who_stands_in_for_the_team_manager_reports_completion(fake_world: World, gone: tuple[str, ...]) -> None:
    """And nobody else: not the next in line while somebody before them is there."""
    reference = an_audit(fake_world)
    line = ["team.manager", "service.manager", "qa"]
    _put(fake_world, *(replace(fake_world.person(who), is_active=False) for who in gone))
    context = fake_world.command_context()
    for later in line[len(gone) + 1 :]:
        with pytest.raises(PermissionDenied):
            action_moves.report(context, fake_world.person(later), reference, 1)
    assert action_moves.report(context, fake_world.person(line[len(gone)]), reference, 1).state == "reported"


def test_the_director_reports_an_escalated_action_while_there_is_no_head_of_service(fake_world: World) -> None:
    reference = an_audit(fake_world, grade="inadequate")
    _put(fake_world, replace(fake_world.person("head.of.service"), is_active=False))
    context = fake_world.command_context()
    assert action_moves.report(context, fake_world.person("director.safeguarding"), reference, 1).state == "reported"


def test_nothing_is_owed_on_an_audit_that_is_closed(fake_world: World) -> None:
    audit = fake_world.audit(an_audit(fake_world, at="actions_closed"))
    assert not duties_of(audit, fake_world.store.directory())


def test_what_was_reported_before_an_escalation_opens_stays_so_and_the_hos_ppqa_verifies_it(fake_world: World) -> None:
    reference = an_audit(fake_world)
    action_moves.report(fake_world.command_context(), fake_world.person("team.manager"), reference, 1)
    escalations.raise_escalation(fake_world.command_context(), fake_world.person("qa"), reference, "Worse than it seemed.")
    assert fake_world.audit(reference).actions[0].state == "reported"
    context = fake_world.command_context()
    with pytest.raises(PermissionDenied):
        action_moves.verify(context, fake_world.person("qa"), reference, 1)
    assert action_moves.verify(context, fake_world.person("hos.ppqa"), reference, 1).state == "verified"
