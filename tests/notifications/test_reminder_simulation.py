"""Every day of 2025 to 2030 walked by a real worker: each overdue action gets exactly the reminders of the policy."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from notifications.scheduling.worker import sweep
from tests.factories import World, an_audit
from tests.notifications.support.outbox_assertions import DAY, WEEK, SentNotice, after_working_days, from_to, in_london, sent_notices
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


def policy(one: Agreed) -> Iterator[tuple[date, str, str]]:
    """domain.md: 7 days before due, on the day, the next working day, then weekly; 10 and 20 working days late the next two up."""
    yield one.due_on - WEEK, "action_due_soon", "practitioner"
    yield one.due_on, "action_due_today", "practitioner"
    day = after_working_days(one.due_on, 1)
    while day <= LAST:
        yield day, "action_overdue", "practitioner"
        yield day, "action_overdue", "team.manager"
        day += WEEK
    yield after_working_days(one.due_on, 10), "action_overdue", "service.manager"
    yield after_working_days(one.due_on, 20), "action_overdue", "head.of.service"


def test_every_day_of_six_years(council: Council, world: World) -> None:
    world.now = in_london(FIRST)
    reference = an_audit(world, at="moderated", details={"audit_date": "2024-12-20"})
    agreed = {1: Agreed(1, FIRST, date(2026, 12, 20), LAST + DAY)}
    for day in from_to(FIRST, LAST):
        world.now = in_london(day, 0, 5)
        for one in [one for one in agreed.values() if one.reported_on == day]:
            action_moves.report(world.command_context(), world.person("team.manager"), reference, one.number)
        if (n := (day - FIRST).days) % 29 == 0 and day > FIRST:
            added = _agree(world, reference, day, n)
            agreed[added.number] = added
        # At any hour, so that none of them matters; now and then twice.
        for hour in [n % 24, 23][: 1 + (n % 9 == 0)]:
            sweep(council.worker_context, in_london(day, hour, 30))
    expected = Counter(
        SentNotice(day, event, who, reference, one.number)
        for one in agreed.values()
        for day, event, who in policy(one)
        if one.added_on <= day < one.reported_on and day <= LAST
    )
    found = Counter(sent_notices(council, *EVENTS))
    print(f"{len(agreed)} actions on {(LAST - FIRST).days + 1} days: {found.total()} reminders, {expected.total()} by the policy")
    assert found == expected
    assert min(Counter(one.event for one in found).values()) > 40


def _agree(world: World, reference: str, day: date, n: int) -> Agreed:
    """Due after one to sixty days or on the day, done in time or late by up to half a year."""
    due_on = day + timedelta(days=n * 7 % 61)
    added = actions.add_action(
        world.command_context(), world.person("qa"), reference, NewAction("x", "practitioner@demo.example", str(due_on))
    )
    late = (n * 11 % 230) - 40
    return Agreed(added.number, day, due_on, max(due_on + timedelta(days=late), day + DAY))
