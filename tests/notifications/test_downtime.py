"""After the worker was stopped, for seconds or for a month, its first sweep notifies each person exactly once of every deadline."""

from collections import Counter
from datetime import date, timedelta

import pytest

from notifications.scheduling.sweep import tick
from tests.factories import World, an_audit
from tests.notifications.support.outbox_assertions import DAY, WEEK, SentNotice, after_working_days, in_london, is_working, sent_notices
from web.council import Council
from workflow.commands import actions, escalations
from workflow.commands.actions import NewAction
from workflow.working_days import LONDON

DOWN = {"5 s": timedelta(seconds=5), "2 h": timedelta(hours=2), "3 days": 3 * DAY, "30 days": 30 * DAY}
# A Tuesday; what was due on the Monday before is overdue from then on.
FELL_DUE = date(2026, 12, 15)


@pytest.mark.parametrize("down", DOWN)
def test_after_downtime_each_person_is_notified_once_of_every_deadline(council: Council, world: World, down: str) -> None:
    opened = [FELL_DUE - n * DAY for n in range(12, 0, -1) if is_working(FELL_DUE - n * DAY)]
    weekly, references = _prepared(world, opened)
    stops = in_london(FELL_DUE, 0) - timedelta(seconds=1)
    for n in range(26):
        tick(council.worker_context, stops - (25 - n) * timedelta(hours=12))
    before = Counter(sent_notices(council))
    starts = stops + DOWN[down]
    tick(council.worker_context, starts)
    news = Counter(sent_notices(council)) - before
    today = starts.astimezone(LONDON).date()
    assert set(news.values()) == {1}
    overdue = Counter((one.reference, one.action, one.who) for one in news if one.event == "action_overdue")
    assert {overdue[weekly, n, who] for n in range(2, 8) for who in ("practitioner", "team.manager")} == {1}, "each overdue action once"
    assert set(overdue.values()) == {1}
    expected = {
        SentNotice(today, *said)
        for opened_on, reference in zip(opened, references, strict=True)
        for said in _clocks(reference, opened_on, today)
    }
    told_before = {(one.reference, one.event) for one in before}
    once = {"escalation_passed_up"}
    expected = {one for one in expected if one.event not in once or (one.reference, one.event) not in told_before}
    found = {one for one in news if one.reference in references and one.event.startswith(("escalation_", "response_"))}
    print(f"down {down}: {len(overdue)} reminders of overdue actions, {len(found)} of escalation clocks, in one sweep")
    assert found == expected
    for minutes in (1, 60, 600):
        tick(council.worker_context, starts + timedelta(minutes=minutes))
    again = Counter(one for one in sent_notices(council) if one.day == today) - before
    assert again == news, "and no more of it that day"


def _prepared(world: World, opened: list[date]) -> tuple[str, list[str]]:
    """Six actions a week apart, each overdue by one more; and an escalation opened on each working day, the HoS PPQA’s acknowledged."""
    world.now = in_london(FELL_DUE - 6 * WEEK)
    reference = an_audit(world, at="moderated", details={"audit_date": "2026-10-20"})
    for n in range(6):
        new = NewAction("x", "practitioner@demo.example", str(FELL_DUE - DAY - n * WEEK))
        actions.add_action(world.command_context(), world.person("qa"), reference, new)
    references = []
    for day in opened:
        world.now = in_london(day)
        references.append(an_audit(world, at="shared", grade="inadequate", details={"audit_date": "2026-10-20"}))
        escalations.acknowledge(world.command_context(), world.person("hos.ppqa"), references[-1])
    return reference, references


def _clocks(reference: str, opened_on: date, today: date) -> list[tuple[str, str, str, None]]:
    """By domain.md: within one working day, then a daily chase; after two the next person up and the QA inbox; a plan within five."""
    said = []
    if today > after_working_days(opened_on, 1):
        said += [("escalation_not_acknowledged", who) for who in ("head.of.service", "director.safeguarding")]
    if today > after_working_days(opened_on, 2):
        said += [("escalation_passed_up", who) for who in ("director.safeguarding", "hos.ppqa", "QA inbox")]
        # Told once for each post that has not acknowledged.
        said = list(dict.fromkeys(said))
    if today == after_working_days(opened_on, 5):
        said += [("response_plan_due", "head.of.service")]
    if today > after_working_days(opened_on, 5):
        said += [("response_plan_overdue", who) for who in ("head.of.service", "hos.ppqa")]
    return [(event, who, reference, None) for event, who in said]
