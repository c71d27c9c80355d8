"""The clocks change twice a year by law, and now and then by mistake: nobody is emailed twice, and nobody is forgotten."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from notifications.scheduling.sweep import tick
from notifications.scheduling.worker import run_once, sweep
from tests.factories import World, an_audit
from tests.notifications.support.outbox_assertions import DAY, WEEK, after_working_days, days, from_to, in_london, sent_notices
from tests.support.bar_table import Bar
from web.council import Council
from workflow.commands import action_moves, actions
from workflow.commands.actions import NewAction
from workflow.working_days import LONDON

OVERDUE = "action_overdue"


def change_days() -> list[date]:
    """The last Sundays of March and October."""
    lasts = [date(year, month, 31) for year in range(2025, 2036) for month in (3, 10)]
    return [last - timedelta(days=last.isoweekday() % 7) for last in lasts]


def agree(world: World, reference: str, due_on: date) -> int:
    new = NewAction("x", "practitioner@demo.example", str(due_on))
    return actions.add_action(world.command_context(), world.person("qa"), reference, new).number


def test_on_the_days_the_clocks_change_each_reminder_is_sent_once_on_its_london_day(council: Council, world: World, bar: Bar) -> None:
    world.now = in_london(date(2025, 1, 2))
    reference = an_audit(world, at="moderated", details={"audit_date": "2024-12-20"})
    chased = an_audit(world, at="shared", grade="inadequate", details={"audit_date": "2024-12-20"})
    swept, sundays = set(), change_days()
    assert {in_london(day, 0).hour == in_london(day + DAY, 0).hour for day in sundays} == {False}
    for sunday in sundays:
        world.now = in_london(sunday - 10 * DAY)
        numbers = [agree(world, reference, day) for day in (sunday + WEEK, sunday, sunday - DAY)]
        # Every half hour of the day before, of the day of 23 or 25 hours, and of the day after.
        begins, ends = in_london(sunday - DAY, 0), in_london(sunday + 2 * DAY, 0)
        for n in range(int((ends - begins) / timedelta(minutes=30))):
            sweep(council.worker_context, begins + n * timedelta(minutes=30))
        swept |= {sunday - DAY, sunday, sunday + DAY}
        owners = {(one.action, one.event, one.day) for one in sent_notices(council) if one.who == "practitioner" and one.action in numbers}
        soon, today, late = numbers
        assert owners - {(n, "action_assigned", sunday - 10 * DAY) for n in numbers} == {
            (soon, "action_due_soon", sunday), (today, "action_due_today", sunday - DAY), (late, "action_due_today", sunday - DAY),
            (today, OVERDUE, after_working_days_of(sunday)), (late, OVERDUE, after_working_days_of(sunday)),
        } - not_yet(numbers, sunday)  # fmt: skip
        for number in numbers:
            action_moves.report(world.command_context(), world.person("team.manager"), reference, number)
    assert set(Counter(sent_notices(council)).values()) == {1}
    assert sorted(days(council, "escalation_not_acknowledged", "head.of.service")) == sorted(swept), chased
    bar("T2", wanted=22, seen=len(sundays))
    print(f"{len(sundays)} days on which the clocks change: {len(sent_notices(council)):,} told, none twice")


def after_working_days_of(sunday: date) -> date:
    """The Monday: at Easter it is a holiday, and the reminder comes later than the days walked here."""
    return sunday + DAY


def not_yet(numbers: list[int], sunday: date) -> set[tuple[int, str, date]]:
    """On Easter Monday nothing is overdue yet."""
    if after_working_days(sunday, 1) == sunday + DAY:
        return set()
    return {(number, OVERDUE, sunday + DAY) for number in numbers}


STEPS = {"-1 day": -DAY, "+1 day": DAY, "-1 h": timedelta(hours=-1), "+400 days": 400 * DAY}


@pytest.mark.parametrize("comes_back", [False, True], ids=["stays", "comes back"])
@pytest.mark.parametrize("step", STEPS)
def test_a_clock_set_wrong_sends_nothing_twice_and_loses_nothing(council: Council, world: World, step: str, comes_back: bool) -> None:
    world.now = in_london(date(2026, 11, 23))
    reference = an_audit(world, at="moderated")
    for n in range(8):
        agree(world, reference, date(2026, 11, 24) + n * DAY)
    an_audit(world, at="shared", grade="inadequate")
    an_audit(world, at="graded")
    begins, wrong = in_london(date(2026, 12, 1), 0, 15), in_london(date(2026, 12, 14), 0, 15)
    for n in range(40 * 8):
        true = begins + n * timedelta(hours=3)
        is_wrong = true >= wrong and not (comes_back and true >= wrong + timedelta(hours=9))
        tick(council.worker_context, true + STEPS[step] if is_wrong else true)
    found = sent_notices(council)
    assert set(Counter(found).values()) == {1}, "by (action, recipient, kind, London day)"
    last = max(one.day for one in found)
    assert last >= (date(2027, 1, 8) if step != "+400 days" or comes_back else date(2028, 1, 9))
    _assert_each_slot_once(council, min(last, date(2027, 1, 8)), is_there=comes_back or step != "+400 days")
    print(f"{step}, {'and back' if comes_back else 'for good'}: {len(found)} told, none twice, the last on {last}")


def _assert_each_slot_once(council: Council, last: date, *, is_there: bool) -> None:
    """Every week of an overdue action is told once, on its day or later; and the weeks after the clock was wrong are not left out."""
    for number in range(2, 10):
        first = after_working_days(date(2026, 11, 24) + (number - 2) * DAY, 1)
        on = [one.day for one in sent_notices(council, OVERDUE) if one.action == number and one.who == "practitioner"]
        weeks = Counter((day - first).days // 7 for day in on)
        assert set(weeks.values()) == {1}, (number, on)
        true_days = [day for day in from_to(date(2026, 12, 16), last) if (day - first).days % 7 == 0]
        assert not is_there or set(true_days) <= set(on), (number, on)


def test_nothing_is_lost_in_the_repeated_hour(council: Council, world: World) -> None:
    world.now = datetime(2026, 10, 20, 9, tzinfo=UTC)
    reference = an_audit(world, at="moderated", details={"audit_date": "2026-10-01"})
    agree(world, reference, date(2026, 10, 25))
    for minute in range(0, 180, 15):
        tick(council.worker_context, datetime(2026, 10, 25, 0, tzinfo=UTC) + timedelta(minutes=minute))
    assert datetime(2026, 10, 25, 1, 30, tzinfo=UTC).astimezone(LONDON).hour == 1
    assert days(council, "action_due_today", "practitioner") == [date(2026, 10, 25)]


def test_a_worker_run_once_sets_right_a_clock_that_went_back(council: Council, world: World) -> None:
    world.now = in_london(date(2026, 11, 23))
    an_audit(world, at="moderated")
    for day in (date(2026, 12, 22), date(2026, 11, 24), date(2026, 12, 13)):
        run_once(council.worker_context, in_london(day))
    assert days(council, OVERDUE, "practitioner") == [date(2026, 12, 22)]
    assert days(council, "action_due_soon", "practitioner") == [date(2026, 12, 13)]
