"""Letting somebody in for minutes: the fake, SQLite and PostgreSQL alike."""

import pytest

from tests.factories import House, an_audit
from workflow.commands import audit_moves
from workflow.commands.audit_view import see
from workflow.commands.emergency_access import ask_to_read_in_emergency, let_in, refuse
from workflow.directory import Duty
from workflow.errors import BadInput, InvalidTransition, NotFound, PermissionDenied
from workflow.ports import ConcurrentChange

STRANGER, DECIDES = "auditor2", "hos.ppqa"


def ask(house: House, reference: str, name: str = STRANGER) -> None:
    ask_to_read_in_emergency(house.command_context(), house.person(name), reference, "A call at night.")


def reads(house: House, reference: str, name: str = STRANGER) -> bool:
    try:
        return see(house.command_context(), house.person(name), reference).reads_audit
    except NotFound:
        return False


def test_it_lasts_fifteen_minutes_by_the_clock_and_ends_by_itself(house: House) -> None:
    reference, other = an_audit(house, "shared"), an_audit(house, "shared")
    ask(house, reference)
    assert not reads(house, reference)
    version = house.store.directory(house.now).version
    let_in(house.command_context(), house.person(DECIDES), 1)
    assert house.store.directory(house.now).version == version + 1
    assert reads(house, reference)
    assert not reads(house, other)
    house.passes(minutes=14, seconds=59)
    assert reads(house, reference)
    house.passes(seconds=1)
    assert not reads(house, reference)


def test_a_reading_under_it_is_told_with_it(house: House) -> None:
    reference = an_audit(house, "shared")
    ask(house, reference)
    assert let_in(house.command_context(), house.person(DECIDES), 1).id == 1
    assert house.store.directory(house.now).emergencies == {house.person(STRANGER).id: {reference: 1}}


def test_nobody_lets_themselves_in_nor_does_anybody_but_who_is_to(house: House) -> None:
    reference = an_audit(house, "shared")
    ask(house, reference)
    ask(house, reference, "hos.ppqa")
    for number, name in ((1, STRANGER), (2, "hos.ppqa")):
        with pytest.raises(PermissionDenied, match="themselves"):
            let_in(house.command_context(), house.person(name), number)
    for number, name in ((1, "qa"), (1, "director.safeguarding"), (1, "admin"), (1, "governance"), (2, "qa"), (2, STRANGER)):
        with pytest.raises(NotFound):
            let_in(house.command_context(), house.person(name), number)
    let_in(house.command_context(), house.person("director.parenting"), 2)
    assert not reads(house, reference)


def test_who_asked_can_not_answer_even_where_only_the_store_is_asked(house: House) -> None:
    ask(house, an_audit(house, "shared"))
    asked = house.store.emergency(1)
    assert asked is not None
    from dataclasses import replace

    own = replace(asked, answered_by=asked.asked_by, answered_at=house.now, ends_at=house.now)
    with pytest.raises(ConcurrentChange):
        house.store.answer(own, [], house.store.directory(house.now).version)


@pytest.mark.parametrize("name", ["admin", "governance"])
def test_who_administers_or_governs_can_not_ask(house: House, name: str) -> None:
    with pytest.raises(PermissionDenied):
        ask(house, an_audit(house, "shared"), name)
    assert Duty(name) in house.person(name).duties
    assert house.store.emergency(1) is None


@pytest.mark.parametrize("at", ["nowhere", "draft", "graded", "withdrawn"])
def test_what_was_never_shared_or_is_withdrawn_gives_nothing(house: House, at: str) -> None:
    reference = "zzzz-zzzz" if at == "nowhere" else an_audit(house, "shared" if at == "withdrawn" else at)
    if at == "withdrawn":
        audit_moves.withdraw(house.command_context(), house.person("auditor"), reference, "The wrong child.")
        audit_moves.withdraw(house.command_context(), house.person("hos.ppqa"), reference, "Agreed.")
    ask(house, reference)
    with pytest.raises(PermissionDenied, match="Nobody can be let in"):
        let_in(house.command_context(), house.person(DECIDES), 1)
    assert not reads(house, reference)


def test_what_is_withdrawn_meanwhile_is_no_longer_read(house: House) -> None:
    reference = an_audit(house, "shared")
    ask(house, reference)
    let_in(house.command_context(), house.person(DECIDES), 1)
    audit_moves.withdraw(house.command_context(), house.person("auditor"), reference, "The wrong child.")
    audit_moves.withdraw(house.command_context(), house.person("hos.ppqa"), reference, "Agreed.")
    assert not reads(house, reference)


def test_a_refused_request_gives_nothing_and_can_not_be_granted_later(house: House) -> None:
    reference = an_audit(house, "shared")
    ask(house, reference)
    refuse(house.command_context(), house.person(DECIDES), 1)
    with pytest.raises(InvalidTransition):
        let_in(house.command_context(), house.person(DECIDES), 1)
    assert not reads(house, reference)


def test_asking_twice_is_one_request_and_a_reason_is_needed(house: House) -> None:
    reference = an_audit(house, "shared")
    ask(house, reference)
    ask(house, reference)
    assert house.store.emergency(2) is None
    for typed, reason in ((reference, " "), ("", "Why."), ("no reference", "Why."), (None, None)):
        with pytest.raises(BadInput):
            ask_to_read_in_emergency(house.command_context(), house.person(STRANGER), typed, reason)
