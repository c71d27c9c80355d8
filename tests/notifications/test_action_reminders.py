"""When people are reminded of actions and escalations, on every London day of a year, with downtime in between."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from notifications.policy import Deadlines
from notifications.reminders.action_reminders import ActionToCheck, next_check_on, reminders
from notifications.scheduling.worker import run_once, sweep
from tests.factories import NOTIFICATION_RULES, TODAY, World, a_fake_world, an_audit, resolve
from web.council import Council
from workflow.commands import action_moves, escalations
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox
from workflow.working_days import add_working_days, is_working_day, next_working_day

CLOCKS: Deadlines = NOTIFICATION_RULES.clocks
PEOPLE = a_fake_world()
OWNER, MANAGER, SERVICE_MANAGER = (PEOPLE.person(name).id for name in ("practitioner", "team.manager", "service.manager"))
SHARED = PEOPLE.audit(an_audit(PEOPLE, at="shared"))
Told = list[tuple[date, str, int]]


def walk(due_on: date, days: Iterable[date]) -> Told:
    """What is told on the days that the worker is up, as it moves each action's next day on."""
    directory, told, remind_on = PEOPLE.store.directory(), [], due_on - timedelta(days=40)
    audit = replace(SHARED, actions=(replace(SHARED.actions[0], due_on=due_on),))
    for today in days:
        if today >= remind_on:
            due = ActionToCheck(audit, 1, remind_on)
            told += [(today, notice.event, notice.recipient) for notice in reminders(due, today, CLOCKS, directory)]
            remind_on = next_check_on(due_on, today, CLOCKS)
    return told


def days_from(start: date, count: int) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


@pytest.mark.parametrize("due_on", [date(2026, 12, 24), date(2027, 3, 26), date(2026, 10, 25), date(2028, 2, 29), date(2027, 6, 16)])
def test_the_policy_day_by_day(due_on: date) -> None:
    head = a_fake_world().store.directory().holder("head_of_service", "assessment-east")
    assert head is not None
    told = walk(due_on, days_from(due_on - timedelta(days=30), 130))
    first = next_working_day(due_on)
    weekly = [first + timedelta(days=7 * n) for n in range(20) if first + timedelta(days=7 * n) < due_on + timedelta(days=100)]
    last_day = next(day for n in range(10) if is_working_day(day := due_on - timedelta(days=n)))
    expected: set[tuple[date, str, int | None]] = {
        (due_on - timedelta(days=7), "action_due_soon", OWNER), (last_day, "action_due_today", OWNER),
        *((day, "action_overdue", person) for day in weekly for person in (OWNER, MANAGER)),
        (add_working_days(due_on, 10), "action_overdue", SERVICE_MANAGER), (add_working_days(due_on, 20), "action_overdue", head.person.id),
    }  # fmt: skip
    assert set(told) == expected
    assert len(told) == len(expected), "each once"
    assert is_working_day(first)


@pytest.mark.parametrize("down", [2, 3, 30, 90])
@pytest.mark.parametrize("since", range(-9, 40, 4))
def test_after_downtime_each_person_is_reminded_once(down: int, since: int) -> None:
    due_on = date(2026, 12, 21)
    gap = days_from(due_on + timedelta(days=since), down)
    up = [day for day in days_from(due_on - timedelta(days=30), 160) if day not in gap]
    told, back = walk(due_on, up), gap[-1] + timedelta(days=1)
    on_return = [(event, person) for day, event, person in told if day == back]
    assert len(on_return) == len(set(on_return))
    missed = {
        person
        for day, event, person in walk(due_on, days_from(due_on - timedelta(days=30), 160))
        if day in gap and event == "action_overdue"
    }
    assert missed <= {person for event, person in on_return if event == "action_overdue"}
    assert len({(day, event, person) for day, event, person in told}) == len(told)


# --- On a real database ----------------------------------------------------------------------------------------------


def sent_notices(council: Council, event: str) -> list[str]:
    with read_transaction(council.engine) as connection:
        rows = connection.execute(select(outbox.c.recipient).where(outbox.c.event == event).order_by(outbox.c.id)).scalars()
        people = council.store.directory().people
        return [people[one].email.partition("@")[0] if one else "QA inbox" for one in rows]


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def test_a_year_of_ticks_reminds_of_an_action_until_its_completion_is_reported(council: Council, world: World) -> None:
    reference = an_audit(world, at="moderated")
    for day in days_from(TODAY, 60):
        for _ in range(2):
            sweep(council.worker_context, at(day))
    assert sent_notices(council, "action_due_soon") == ["practitioner"]
    assert sent_notices(council, "action_due_today") == ["practitioner"]
    overdue = sent_notices(council, "action_overdue")
    assert overdue.count("practitioner") == overdue.count("team.manager") == 5
    world.now = at(TODAY + timedelta(days=60))
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    for day in days_from(TODAY + timedelta(days=60), 60):
        sweep(council.worker_context, at(day))
    assert sent_notices(council, "action_overdue") == overdue


def test_a_reminder_that_waited_is_not_sent_once_completion_is_reported(council: Council, world: World) -> None:
    reference = an_audit(world, at="moderated")
    run_once(council.worker_context, at(TODAY))
    late = at(date(2026, 12, 29))
    sweep(council.worker_context, late)
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    run_once(council.worker_context, late)
    with read_transaction(council.engine) as connection:
        states = connection.execute(select(outbox.c.state).where(outbox.c.event == "action_overdue")).scalars().all()
    assert set(states) == {"cancelled"}


def test_a_missing_acknowledgement_is_reminded_daily_and_escalated_once(council: Council, world: World) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    escalations.acknowledge(world.command_context(), world.person("hos.ppqa"), reference)
    for day in days_from(TODAY, 8):
        sweep(council.worker_context, at(day))
        sweep(council.worker_context, at(day))
    chased = sent_notices(council, "escalation_not_acknowledged")
    assert chased.count("head.of.service") == chased.count("director.safeguarding") == 6
    assert "hos.ppqa" not in chased
    assert "QA inbox" in sent_notices(council, "escalation_passed_up")
    resolve_rest(world, reference)
    for day in days_from(TODAY + timedelta(days=8), 8):
        sweep(council.worker_context, at(day))
    assert sent_notices(council, "escalation_not_acknowledged") == chased


def resolve_rest(world: World, reference: str) -> None:
    for name in ("head.of.service", "director.safeguarding"):
        escalations.acknowledge(world.command_context(), world.person(name), reference)


def test_a_worker_that_was_stopped_still_reminds_of_an_escalation(council: Council, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    sweep(council.worker_context, at(TODAY + timedelta(days=30)))
    assert sorted(sent_notices(council, "escalation_not_acknowledged")) == ["director.safeguarding", "head.of.service", "hos.ppqa"]


@pytest.mark.parametrize(("grade", "prompt_on"), [("good", date(2027, 10, 20)), ("inadequate", date(2027, 2, 20))])
def test_the_qa_inbox_is_notified_once_that_a_re_audit_is_due(council: Council, world: World, grade: str, prompt_on: date) -> None:
    reference = an_audit(world, at="shared", grade=grade)
    if grade == "inadequate":
        resolve(world, reference)
    sweep(council.worker_context, at(prompt_on - timedelta(days=1)))
    assert sent_notices(council, "re_audit_window_closing") == []
    for day in days_from(prompt_on, 3):
        sweep(council.worker_context, at(day))
    assert sent_notices(council, "re_audit_window_closing") == ["QA inbox"]
