"""Passing a role on for a time: only one’s own, never twice, and of privileged roles with a second person."""

from datetime import timedelta

import pytest

from tests.factories import World, an_audit, assign
from tests.workflow.commands.directory.support import answer, give, pass_on
from workflow.commands import audit_moves
from workflow.commands.directory import delegations, roles
from workflow.commands.directory.second_person import GIVEN, WAITS
from workflow.directory import Duty
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet


def test_nobody_passes_on_what_they_do_not_hold_and_nothing_is_passed_on_twice(world: World) -> None:
    assert pass_on(world, "auditor", "qaro", Duty("auditor")) == GIVEN
    assert world.person("qaro").delegated == {Duty("auditor")}
    for giver, held in (
        ("qaro", Duty("auditor")),
        ("practitioner", Duty("auditor")),
        ("admin", Duty("admin")),
        ("governance", Duty("governance")),
    ):
        with pytest.raises(BadInput):
            pass_on(world, giver, "practitioner2", held)
    for by in ("practitioner", "hos.ppqa", "qa"):
        with pytest.raises(PermissionDenied):
            pass_on(world, by, "practitioner2", Duty("moderator"), giver="moderator")


def test_a_delegation_lasts_from_its_first_day_to_its_last(world: World) -> None:
    pass_on(world, "auditor", "qaro", Duty("auditor"), days=("2026-11-24", "2026-11-25"))
    held = []
    for _ in range(5):
        held.append("auditor" in world.store.directory(world.now).people[world.person("qaro").id].roles)
        world.now += timedelta(days=1)
    assert held == [False, True, True, False, False]


@pytest.mark.parametrize(
    "days",
    [("", ""), ("2026-11-22", "2026-11-30"), ("2026-11-24", "2026-11-23"), ("2026-11-24", "2027-02-24"), ("soon", "later"), (None, 7)],
)
def test_impossible_days_are_refused(world: World, days: tuple[str, str]) -> None:
    with pytest.raises(BadInput):
        pass_on(world, "auditor", "qaro", Duty("auditor"), days=days)


def test_a_privileged_role_is_passed_on_only_with_a_second_person(world: World) -> None:
    assert pass_on(world, "hos.ppqa", "service.manager", Duty("hos_ppqa")) == WAITS
    for name in ("hos.ppqa", "service.manager", "admin"):
        with pytest.raises(PermissionDenied):
            answer(world, name)
    answer(world, "director.parenting")
    assert "hos_ppqa" in world.store.directory(world.now).people[world.person("service.manager").id].roles


def test_a_delegation_is_ended_by_somebody_with_a_part_in_it(world: World) -> None:
    pass_on(world, "auditor", "qaro", Duty("auditor"))
    with pytest.raises(PermissionDenied):
        delegations.end_delegation(world.command_context(), world.person("qa"), 1)
    delegations.end_delegation(world.command_context(), world.person("qaro"), 1)
    with pytest.raises(NotFound):
        delegations.end_delegation(world.command_context(), world.person("qaro"), 1)


def test_a_role_given_back_does_not_bring_back_what_waspassed_on(world: World) -> None:
    pass_on(world, "auditor", "qaro", Duty("auditor"))
    roles.take_role(world.command_context(), world.person("admin"), world.person("auditor").id, Duty("auditor"))
    give(world, "admin", "auditor", "auditor")
    assert "auditor" not in world.store.directory(world.now).people[world.person("qaro").id].roles


def test_one_moderates_ones_own_audit_through_no_second_role_and_no_delegation(world: World) -> None:
    reference = an_audit(world, "shared")
    give(world, "admin", "auditor", "moderator")
    pass_on(world, "moderator", "practitioner", Duty("moderator"))
    for name in ("auditor", "practitioner"):
        with pytest.raises(PreconditionsNotMet):
            assign(world, reference, name)
    assign(world, reference)
    with pytest.raises(PermissionDenied):
        audit_moves.moderate(world.command_context(), world.person("auditor"), reference)
