"""Emergency access for some minutes, on the fake, SQLite and PostgreSQL."""

import pytest

from tests.factories import World, an_audit
from workflow.commands import audit_moves
from workflow.commands.audit_view import see
from workflow.commands.emergency_access import MOST_OPEN, ask_to_read_in_emergency, let_in, refuse
from workflow.directory import Duty
from workflow.errors import BadInput, InvalidTransition, NotFound, PermissionDenied
from workflow.ports import ConcurrentChange

STRANGER, DECIDES = "auditor2", "hos.ppqa"


def ask(world: World, reference: str, name: str = STRANGER) -> None:
    ask_to_read_in_emergency(world.command_context(), world.person(name), reference, "A call at night.")


def reads(world: World, reference: str, name: str = STRANGER) -> bool:
    try:
        return see(world.command_context(), world.person(name), reference).reads_audit
    except NotFound:
        return False


def test_access_lasts_fifteen_minutes_and_ends_automatically(world: World) -> None:
    reference, other = an_audit(world, "shared"), an_audit(world, "shared")
    ask(world, reference)
    assert not reads(world, reference)
    version = world.store.directory(world.now).version
    let_in(world.command_context(), world.person(DECIDES), 1)
    assert world.store.directory(world.now).version == version + 1
    assert reads(world, reference)
    assert not reads(world, other)
    world.passes(minutes=14, seconds=59)
    assert reads(world, reference)
    world.passes(seconds=1)
    assert not reads(world, reference)


def test_emergency_access_is_in_the_directory(world: World) -> None:
    reference = an_audit(world, "shared")
    ask(world, reference)
    assert let_in(world.command_context(), world.person(DECIDES), 1).id == 1
    assert world.store.directory(world.now).emergencies == {world.person(STRANGER).id: {reference: 1}}


def test_only_the_right_people_can_give_access_and_nobody_to_themselves(world: World) -> None:
    reference = an_audit(world, "shared")
    ask(world, reference)
    ask(world, reference, "hos.ppqa")
    for number, name in ((1, STRANGER), (2, "hos.ppqa")):
        with pytest.raises(PermissionDenied, match="your own request"):
            let_in(world.command_context(), world.person(name), number)
    for number, name in ((1, "qa"), (1, "director.safeguarding"), (1, "admin"), (1, "governance"), (2, "qa"), (2, STRANGER)):
        with pytest.raises(NotFound):
            let_in(world.command_context(), world.person(name), number)
    let_in(world.command_context(), world.person("director.parenting"), 2)
    assert not reads(world, reference)


def test_the_store_too_refuses_an_answer_by_the_person_who_asked(world: World) -> None:
    ask(world, an_audit(world, "shared"))
    asked = world.store.emergency(1)
    assert asked is not None
    from dataclasses import replace

    own = replace(asked, answered_by=asked.asked_by, answered_at=world.now, ends_at=world.now)
    with pytest.raises(ConcurrentChange):
        world.store.answer(own, [], world.store.directory(world.now).version)


@pytest.mark.parametrize("name", ["admin", "governance"])
def test_an_administrator_or_governance_can_not_ask(world: World, name: str) -> None:
    with pytest.raises(PermissionDenied):
        ask(world, an_audit(world, "shared"), name)
    assert Duty(name) in world.person(name).duties
    assert world.store.emergency(1) is None


@pytest.mark.parametrize("at", ["nowhere", "draft", "graded", "withdrawn"])
def test_an_audit_never_shared_or_withdrawn_can_not_be_read(world: World, at: str) -> None:
    reference = "zzzz-zzzz" if at == "nowhere" else an_audit(world, "shared" if at == "withdrawn" else at)
    if at == "withdrawn":
        audit_moves.withdraw(world.command_context(), world.person("auditor"), reference, "The wrong child.")
        audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), reference, "Agreed.")
    ask(world, reference)
    with pytest.raises(PermissionDenied, match="Access can’t be given"):
        let_in(world.command_context(), world.person(DECIDES), 1)
    assert not reads(world, reference)


def test_an_audit_withdrawn_meanwhile_is_no_longer_read(world: World) -> None:
    reference = an_audit(world, "shared")
    ask(world, reference)
    let_in(world.command_context(), world.person(DECIDES), 1)
    audit_moves.withdraw(world.command_context(), world.person("auditor"), reference, "The wrong child.")
    audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), reference, "Agreed.")
    assert not reads(world, reference)


def test_a_refused_request_gives_nothing_and_can_not_be_granted_later(world: World) -> None:
    reference = an_audit(world, "shared")
    ask(world, reference)
    refuse(world.command_context(), world.person(DECIDES), 1)
    with pytest.raises(InvalidTransition):
        let_in(world.command_context(), world.person(DECIDES), 1)
    assert not reads(world, reference)


def test_asking_twice_is_one_request_and_a_reason_is_needed(world: World) -> None:
    reference = an_audit(world, "shared")
    ask(world, reference)
    ask(world, reference)
    assert world.store.emergency(2) is None
    for typed, reason in ((reference, " "), ("", "Why."), ("no reference", "Why."), (None, None)):
        with pytest.raises(BadInput):
            ask_to_read_in_emergency(world.command_context(), world.person(STRANGER), typed, reason)


def test_a_person_has_at_most_three_open_requests(world: World) -> None:
    for number in range(MOST_OPEN):
        ask(world, f"aaaa-000{number}")
    with pytest.raises(BadInput) as refused:
        ask(world, "aaaa-0009")
    assert refused.value.missing[0].message.startswith("You have 3 requests that nobody has answered yet.")
    ask(world, "aaaa-0000")
    ask(world, "aaaa-0009", "practitioner2")
    refuse(world.command_context(), world.person(DECIDES), 1)
    ask(world, "aaaa-0009")
    assert world.store.emergency(5).reference == "aaaa-0009"
