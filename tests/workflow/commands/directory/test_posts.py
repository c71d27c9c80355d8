"""A post of an escalation that changes hands, by each way: the new holder is told in the same commit, with the time that is left."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from notifications.scheduling.sweep import sweep
from tests.factories import World, an_audit
from tests.workflow.commands.directory.support import answer, pass_on, sent_notices
from web.council import Council
from workflow.commands import escalations
from workflow.commands.audit_view import see
from workflow.commands.directory import bulk_import, connections, delegations, people, roles, units
from workflow.commands.directory.bulk_import import Line
from workflow.directory import Duty
from workflow.errors import NotFound, PermissionDenied
from workflow.role_assignments import Unit, format_duty
from workflow.storage import tables
from workflow.storage.engine import read_transaction

NEW = "service.manager"


@pytest.fixture
def reference(world: World) -> str:
    """Escalated at NOW; everything else happens a day later."""
    made = an_audit(world, "shared", grade="inadequate")
    world.passes(days=1)
    return made


def told(world: World, event: str = "escalation_opened") -> list[str]:
    """Who was told after those that the opening named."""
    return [line.split()[0] for line in sent_notices(world, event)][3 if event == "escalation_opened" else 0 :]


def granted(world: World, to: str, duty: Duty) -> None:
    roles.give_role(world.command_context(), world.person("admin"), world.person(to).id, duty)
    answer(world, "hos.ppqa", request=_latest_request(world))


def _latest_request(world: World) -> int:
    return max(int(one.id) for one in world.store.directory(world.now).requests)


def head(world: World) -> Duty:
    return next(duty for duty in world.person("head.of.service").duties if duty.role == "head_of_service" and not duty.is_deputy)


def takes(world: World) -> None:
    roles.take_role(world.command_context(), world.person("admin"), world.person("head.of.service").id, head(world))


def leaves(world: World) -> None:
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("head.of.service").id)


def imported_without(world: World) -> None:
    bulk_import.import_people(world.command_context(), (Line(2, "head.of.service@demo.example", "Hannah Service", roles=""),))


def connects(world: World) -> None:
    connections.declare_connection(world.command_context(), world.person("head.of.service"), "C-1001")


VACATED: tuple[Callable[[World], None], ...] = (takes, leaves, imported_without, connects)


@pytest.mark.parametrize("vacate", VACATED)
def test_a_vacant_post_falls_to_somebody_else_and_the_qa_inbox_is_told(
    world: World, reference: str, vacate: Callable[[World], None]
) -> None:
    vacate(world)
    assert told(world) == ["director.safeguarding"]
    assert sent_notices(world, "post_found_vacant") == [f"QA inbox {reference}"]


def given_by_two(world: World) -> None:
    granted(world, NEW, head(world))


def imported_with(world: World) -> None:
    line = Line(2, f"{NEW}@demo.example", world.person(NEW).name, roles=f"service_manager;{format_duty(head(world))}")
    bulk_import.import_people(world.command_context(), (line,))


def delegated(world: World) -> None:
    pass_on(world, "head.of.service", NEW, head(world), days=("2026-11-24", "2026-11-30"))
    answer(world, "hos.ppqa", request=_latest_request(world))


@pytest.mark.parametrize("fill", [given_by_two, imported_with, delegated])
def test_who_comes_to_hold_it_is_told_at_once_with_the_time_that_is_left(
    world: World, reference: str, fill: Callable[[World], None]
) -> None:
    fill(world)
    assert told(world) == [NEW]
    assert due_of(world, "escalation_opened", NEW) == date(2026, 11, 24), "one working day from its opening, not from today"


def test_who_shares_a_post_is_told_once_the_first_of_them_has_gone(world: World) -> None:
    second = "head.of.service2"
    granted(world, second, head(world))
    reference = an_audit(world, "shared", grade="inadequate")
    assert told(world) == []
    leaves(world)
    assert told(world) == [second]
    assert "acknowledge_escalation" in see(world.command_context(), world.person(second), reference).may


def due_of(world: World, event: str, name: str) -> date | None:
    which = (tables.outbox.c.event == event, tables.outbox.c.recipient == world.person(name).id)
    with read_transaction(world.store.engine) as connection:
        due: date | None = connection.execute(select(tables.outbox.c.due_on).where(*which)).scalar_one()
    return due


def test_a_team_that_moves_takes_its_escalations_along(world: World, reference: str) -> None:
    directory = world.store.directory(world.now)
    team = directory.teams["assessment-east"]
    units.change_unit(world.command_context(), world.person("admin"), Unit("team", team.code, team.name, "care"))
    assert told(world) == ["head.of.service2", "director.parenting"]


def test_a_deputy_of_a_vacant_post_is_told(world: World, reference: str) -> None:
    takes(world)
    granted(world, NEW, Duty("head_of_service", head_scope(world), is_deputy=True))
    assert told(world) == ["director.safeguarding", NEW]


def head_scope(world: World) -> str:
    return str(world.store.directory(world.now).teams["assessment-east"].service)


def test_who_comes_back_is_told_again(world: World, reference: str) -> None:
    connects(world)
    world.passes(hours=1)
    connections.end_connection(world.command_context(), world.person("qa"), 1)
    assert told(world) == ["director.safeguarding", "head.of.service"]


def test_once_acknowledged_the_new_holder_is_told_what_is_left_to_do(world: World, reference: str) -> None:
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(world.command_context(), world.person(name), reference)
    given_by_two(world)
    assert told(world) == []
    assert told(world, "escalation_handed_over") == [NEW]
    assert due_of(world, "escalation_handed_over", NEW) == date(2026, 11, 30), "the response plan, five working days from its opening"


def test_what_is_resolved_and_what_is_of_another_service_is_not_told(world: World, reference: str) -> None:
    granted(world, NEW, Duty("head_of_service", "care"))
    assert told(world) == []


def test_a_delegation_that_begins_or_ends_is_noticed_by_the_worker(world: World, council: Council, reference: str) -> None:
    pass_on(world, "head.of.service", NEW, head(world), days=("2026-11-26", "2026-11-27"))
    answer(world, "hos.ppqa", request=_latest_request(world))
    assert told(world) == []
    takes_on_a_deputy(world)
    for days, expected in ((1, []), (1, [NEW]), (0, [NEW]), (3, [NEW])):
        world.passes(days=days)
        sweep(council.worker_context, world.now)
        assert told(world) == expected


def takes_on_a_deputy(world: World) -> None:
    """Of no consequence while the post is held."""
    granted(world, "qaro", Duty("head_of_service", head_scope(world), is_deputy=True))


def test_an_ended_delegation_tells_once_however_it_is_found(world: World, council: Council, reference: str) -> None:
    takes(world)
    pass_on(world, "director.safeguarding", NEW, Duty("director", "safeguarding"), days=("2026-11-24", "2026-11-30"))
    answer(world, "hos.ppqa", request=_latest_request(world))
    before = told(world)
    world.passes(hours=1)
    delegations.end_delegation(world.command_context(), world.person("director.safeguarding"), 1)
    after = told(world)
    world.passes(minutes=1)
    sweep(council.worker_context, world.now)
    assert told(world) == after
    assert after[: len(before)] == before


@pytest.mark.parametrize("vacate", [takes, imported_without])
def test_the_one_named_keeps_sight_of_the_audit_and_does_nothing_more(
    world: World, reference: str, vacate: Callable[[World], None]
) -> None:
    vacate(world)
    seen = see(world.command_context(), world.person("head.of.service"), reference)
    assert (seen.reads_audit, seen.escalation_state) == (True, "open")
    assert not {"acknowledge_escalation", "plan_escalation", "raise_escalation"} & set(seen.may)
    with pytest.raises(PermissionDenied):
        escalations.acknowledge(world.command_context(), world.person("head.of.service"), reference)


@pytest.mark.parametrize("vacate", [leaves, connects])
def test_who_left_or_is_connected_to_the_child_keeps_nothing(world: World, reference: str, vacate: Callable[[World], None]) -> None:
    vacate(world)
    with pytest.raises(NotFound):
        see(world.command_context(), world.person("head.of.service"), reference)


def test_an_earlier_escalation_is_remembered(world: World, reference: str) -> None:
    takes(world)
    for name in ("director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(world.command_context(), world.person(name), reference)
    escalations.plan(world.command_context(), world.person("director.safeguarding"), reference, "Daily oversight.")
    escalations.resolve(world.command_context(), world.person("hos.ppqa"), reference, "Carried out.")
    granted(world, NEW, Duty("head_of_service", head_scope(world)))
    escalations.raise_escalation(world.command_context(), world.person("qa"), reference, "Again.")
    assert see(world.command_context(), world.person("head.of.service"), reference).escalation_state == "open"


def test_the_record_says_who_acknowledged_as_holder_or_stand_in(world: World, reference: str) -> None:
    takes(world)
    for name in ("director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(world.command_context(), world.person(name), reference)
    granted(world, NEW, Duty("head_of_service", head_scope(world)))
    opening = world.audit(reference).escalation
    assert opening is not None
    director, hos = world.person("director.safeguarding").id, world.person("hos.ppqa").id
    assert [(one.post, one.acknowledged_by, one.acknowledged_stands_in) for one in opening.recipients] == [
        ("head_of_service", director, True), ("director", director, False), ("hos_ppqa", hos, False)
    ]  # fmt: skip
