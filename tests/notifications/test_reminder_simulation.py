"""Every day of 2025 to 2030 walked by a real worker: each overdue action gets exactly the reminders of the policy."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from notifications.scheduling.worker import sweep
from tests.factories import STATES, WALKS, Plan, World, an_audit
from tests.notifications.support.outbox_assertions import (
    DAY,
    WEEK,
    SentNotice,
    after_working_days,
    from_to,
    in_london,
    last_working_day,
    sent_notices,
)
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from web.council import Council
from workflow.commands import action_moves, actions
from workflow.commands.actions import NewAction

FIRST, LAST = date(2025, 1, 1), date(2030, 12, 31)
EVENTS = ("action_due_soon", "action_due_today", "action_overdue")


@dataclass(frozen=True)
class Agreed:
    number: int
    added_on: date
    due_on: date
    reported_on: date


def policy(one: Agreed, last: date) -> Iterator[tuple[date, str, str]]:
    """domain.md: 7 days before due, on the day or the last working day before it, the next working day, then weekly; 10 and 20 working days late the next two up."""
    last_day = max(last_working_day(one.due_on), one.added_on)
    yield one.due_on - WEEK, "action_due_soon", "practitioner"
    yield last_day, "action_due_today", "practitioner"
    day = after_working_days(one.due_on, 1)
    while day <= last:
        yield day, "action_overdue", "practitioner"
        yield day, "action_overdue", "team.manager"
        day += WEEK
    yield after_working_days(one.due_on, 10), "action_overdue", "service.manager"
    yield after_working_days(one.due_on, 20), "action_overdue", "head.of.service"


@pytest.mark.slow_because("a reminder that is missed or doubled shows on few days of a year")
def test_every_day_of_two_years(council: Council, world: World, bar: Bar) -> None:
    """Others each day."""
    year = chance("two years").randint(FIRST.year, LAST.year - 1)
    first, last = date(year, 1, 1), date(year + 1, 12, 31)
    bar("T1", wanted=(last - first).days + 1, seen=_walk(council, world, first, last))


@pytest.mark.long
def test_every_day_of_six_years(council: Council, world: World, bar: Bar) -> None:
    bar("T1", wanted=(LAST - FIRST).days + 1, seen=_walk(council, world, FIRST, LAST))


def _walk(council: Council, world: World, first: date, last: date) -> int:
    """How many days were walked."""
    world.now, late = in_london(first), date(first.year + 1, 12, 20)
    reference = an_audit(world, at="draft", details={"audit_date": str(first - 12 * DAY)})
    actions.add_action(world.command_context(), world.person("auditor"), reference, NewAction("x", "practitioner@demo.example", str(late)))
    for state in STATES[1 : STATES.index("moderated") + 1]:
        WALKS[state](world, reference, Plan())
    agreed = {1: Agreed(1, first, late, last + DAY)}
    for day in from_to(first, last):
        _live(council, world, reference, agreed, day, (day - first).days)
    expected = Counter(
        SentNotice(day, event, who, reference, one.number)
        for one in agreed.values()
        for day, event, who in policy(one, last)
        if one.added_on <= day < one.reported_on and day <= last
    )
    found, walked = Counter(sent_notices(council, *EVENTS)), (last - first).days + 1
    print(f"{len(agreed)} actions on {walked} days: {found.total()} reminders, {expected.total()} by the policy")
    assert found == expected
    assert min(Counter(one.event for one in found).values()) > walked // 60
    return walked


def _live(council: Council, world: World, reference: str, agreed: dict[int, Agreed], day: date, n: int) -> None:
    """One day: what was done is reported, now and then an action is added, and the worker sweeps at any hour, sometimes twice."""
    world.now = in_london(day, 0, 5)
    for one in [one for one in agreed.values() if one.reported_on == day]:
        action_moves.report(world.command_context(), world.person("team.manager"), reference, one.number)
    if n % 29 == 0 and n:
        added = _agree(world, reference, day, n)
        agreed[added.number] = added
    for hour in [n % 24, 23][: 1 + (n % 9 == 0)]:
        sweep(council.worker_context, in_london(day, hour, 30))


def _agree(world: World, reference: str, day: date, n: int) -> Agreed:
    """Due after one to sixty days or on the day, done in time or late by up to half a year."""
    due_on = day + timedelta(days=n * 7 % 61)
    added = actions.add_action(
        world.command_context(), world.person("qa"), reference, NewAction("x", "practitioner@demo.example", str(due_on))
    )
    late = (n * 11 % 230) - 40
    return Agreed(added.number, day, due_on, max(due_on + timedelta(days=late), day + DAY))
