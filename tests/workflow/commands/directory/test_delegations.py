"""Passing a role on for a time: only one’s own, never twice, and of privileged roles with a second person."""

from datetime import timedelta

import pytest

from tests.factories import House, an_audit, assign
from tests.workflow.commands.directory.support import answer, give, pass_on
from workflow.commands import audit_moves
from workflow.commands.directory import delegations, roles
from workflow.commands.directory.roles import GIVEN, WAITS
from workflow.directory import Duty
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet


def test_nobody_passes_on_what_they_do_not_hold_and_nothing_is_passed_on_twice(house: House) -> None:
    assert pass_on(house, "auditor", "qaro", Duty("auditor")) == GIVEN
    assert house.person("qaro").delegated == {Duty("auditor")}
    for giver, held in (
        ("qaro", Duty("auditor")),
        ("practitioner", Duty("auditor")),
        ("admin", Duty("admin")),
        ("governance", Duty("governance")),
    ):
        with pytest.raises(BadInput):
            pass_on(house, giver, "practitioner2", held)
    for by in ("practitioner", "hos.ppqa", "qa"):
        with pytest.raises(PermissionDenied):
            pass_on(house, by, "practitioner2", Duty("moderator"), giver="moderator")


def test_a_delegation_lasts_from_its_first_day_to_its_last(house: House) -> None:
    pass_on(house, "auditor", "qaro", Duty("auditor"), days=("2026-11-24", "2026-11-25"))
    held = []
    for _ in range(5):
        held.append("auditor" in house.store.directory(house.now).people[house.person("qaro").id].roles)
        house.now += timedelta(days=1)
    assert held == [False, True, True, False, False]


@pytest.mark.parametrize(
    "days",
    [("", ""), ("2026-11-22", "2026-11-30"), ("2026-11-24", "2026-11-23"), ("2026-11-24", "2027-02-24"), ("soon", "later"), (None, 7)],
)
def test_impossible_days_are_refused(house: House, days: tuple[str, str]) -> None:
    with pytest.raises(BadInput):
        pass_on(house, "auditor", "qaro", Duty("auditor"), days=days)


def test_a_privileged_role_is_passed_on_only_with_a_second_person(house: House) -> None:
    assert pass_on(house, "hos.ppqa", "service.manager", Duty("hos_ppqa")) == WAITS
    for name in ("hos.ppqa", "service.manager", "admin"):
        with pytest.raises(PermissionDenied):
            answer(house, name)
    answer(house, "director.parenting")
    assert "hos_ppqa" in house.store.directory(house.now).people[house.person("service.manager").id].roles


def test_a_delegation_is_ended_by_who_has_a_part_in_it(house: House) -> None:
    pass_on(house, "auditor", "qaro", Duty("auditor"))
    with pytest.raises(PermissionDenied):
        delegations.end_delegation(house.command_context(), house.person("qa"), 1)
    delegations.end_delegation(house.command_context(), house.person("qaro"), 1)
    with pytest.raises(NotFound):
        delegations.end_delegation(house.command_context(), house.person("qaro"), 1)


def test_a_role_given_back_does_not_bring_back_what_waspassed_on(house: House) -> None:
    pass_on(house, "auditor", "qaro", Duty("auditor"))
    roles.take_role(house.command_context(), house.person("admin"), house.person("auditor").id, Duty("auditor"))
    give(house, "admin", "auditor", "auditor")
    assert "auditor" not in house.store.directory(house.now).people[house.person("qaro").id].roles


def test_one_moderates_ones_own_audit_through_no_second_role_and_no_delegation(house: House) -> None:
    reference = an_audit(house, "shared")
    give(house, "admin", "auditor", "moderator")
    pass_on(house, "moderator", "practitioner", Duty("moderator"))
    for name in ("auditor", "practitioner"):
        with pytest.raises(PreconditionsNotMet):
            assign(house, reference, name)
    assign(house, reference)
    with pytest.raises(PermissionDenied):
        audit_moves.moderate(house.command_context(), house.person("auditor"), reference)
