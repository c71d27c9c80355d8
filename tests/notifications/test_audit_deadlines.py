"""The reminders of an audit’s deadlines, their London day and recipients, compared with days counted by hand."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from notifications.scheduling.worker import run_once, sweep
from tests.factories import FOURTEENTH, NOW, TODAY, World, an_audit, assign, resolve, save, settle
from tests.notifications.support.outbox_assertions import days, from_to, in_london, leaves, sent_notices, set_active
from web.council import Council
from workflow.commands import action_moves, actions, assignments, audit_moves, escalations
from workflow.commands.actions import NewAction
from workflow.storage import tables
from workflow.storage.engine import read_transaction


def walk(council: Council, last: date, first: date = TODAY) -> None:
    for day in from_to(first, last):
        sweep(council.worker_context, in_london(day, 0, 1))
        sweep(council.worker_context, in_london(day, 22))


def test_an_audit_not_shared_by_the_end_of_the_month_is_reminded_weekly(council: Council, world: World) -> None:
    reference = an_audit(world, at="graded")
    walk(council, date(2026, 12, 20))
    expected = [date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)]
    assert days(council, "audit_not_shared", "auditor") == days(council, "audit_not_shared", "QA inbox") == expected
    world.now = in_london(date(2026, 12, 21))
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    walk(council, date(2027, 2, 1), date(2026, 12, 21))
    assert days(council, "audit_not_shared", "auditor") == expected, "none after it is shared"


def test_an_audit_given_to_another_auditor_is_to_be_shared_by_the_end_of_that_month(council: Council, world: World) -> None:
    reference = an_audit(world, at="draft")
    world.now = in_london(date(2026, 12, 3))
    assignments.allocate(world.command_context(), world.person("qa"), reference, "auditor2@demo.example")
    assert world.audit(reference).share_by == date(2026, 12, 31)
    walk(council, date(2027, 1, 12), date(2026, 12, 3))
    # 1 January is a Friday and a bank holiday.
    assert days(council, "audit_not_shared", "auditor2") == [date(2027, 1, 4), date(2027, 1, 11)]
    assert days(council, "audit_not_shared", "auditor") == []


def test_a_returned_audit_is_due_at_the_end_of_the_month_of_its_return(council: Council, world: World) -> None:
    reference = an_audit(world, at="shared")
    world.now = in_london(date(2027, 1, 5))
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "The dates are wrong.")
    walk(council, date(2027, 2, 2), date(2027, 1, 5))
    assert days(council, "audit_not_shared", "auditor") == [date(2027, 2, 1)]


@pytest.mark.parametrize("who", ["moderator", "QA inbox"])
def test_moderation_is_reminded_before_it_is_due_and_weekly_once_late(council: Council, world: World, who: str) -> None:
    reference = an_audit(world, at="shared")
    if who == "moderator":
        assign(world, reference)
    walk(council, date(2026, 12, 23))
    assert days(council, "moderation_due_soon", who) == [date(2026, 12, 2)]
    assert days(council, "moderation_overdue", who) == [date(2026, 12, 8), date(2026, 12, 15), date(2026, 12, 22)]
    assert {one.who for one in sent_notices(council, "moderation_due_soon", "moderation_overdue")} == {who}
    assign(world, reference)
    save(world, "moderator", reference, "moderation", {"grade": "good", **FOURTEENTH})
    audit_moves.moderate(world.command_context(), world.person("moderator"), reference)
    walk(council, date(2027, 1, 23), date(2026, 12, 24))
    assert len(days(council, "moderation_overdue", who)) == 3, "none after it is moderated"


def test_if_the_moderator_left_the_qa_inbox_is_notified(council: Council, world: World) -> None:
    assign(world, an_audit(world, at="shared"))
    leaves(world, "moderator")
    walk(council, date(2026, 12, 8))
    assert days(council, "moderation_overdue", "QA inbox") == [date(2026, 12, 8)]


def test_the_response_plan_is_reminded_on_its_day_and_daily_once_late(council: Council, world: World) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    walk(council, date(2026, 12, 3))
    assert [(one.day, one.who) for one in sent_notices(council, "response_plan_due")] == [(date(2026, 11, 30), "head.of.service")]
    late = [date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 3)]
    assert days(council, "response_plan_overdue", "head.of.service") == days(council, "response_plan_overdue", "hos.ppqa") == late
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, "Daily oversight.")
    walk(council, date(2026, 12, 20), date(2026, 12, 4))
    assert days(council, "response_plan_overdue", "head.of.service") == late, "none after it is recorded"


def test_impact_is_checked_eight_weeks_after_the_last_action_is_verified(council: Council, world: World) -> None:
    reference = an_audit(world, at="moderated")
    actions.add_action(world.command_context(), world.person("qa"), reference, NewAction("x", "qaro@demo.example", "2026-12-30"))
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    action_moves.verify(world.command_context(), world.person("qa"), reference, 1)
    world.now = in_london(date(2026, 12, 1))
    settle(world, reference)
    walk(council, date(2027, 3, 1), date(2026, 12, 1))
    assert [(one.day, one.who) for one in sent_notices(council, "impact_re_check_due")] == [(date(2027, 1, 26), "QA inbox")]


def test_impact_of_a_reopened_audit_is_not_checked_before_its_new_action_is_verified(council: Council, world: World) -> None:
    reference = an_audit(world, at="actions_closed")
    world.now = in_london(date(2026, 12, 1))
    audit_moves.reopen(
        world.command_context(), world.person("qa"), reference, "More.", (NewAction("x", "practitioner@demo.example", "2027-03-30"),)
    )
    walk(council, date(2027, 3, 1), date(2026, 12, 1))
    assert sent_notices(council, "impact_re_check_due") == []


def test_no_re_audit_is_prompted_once_the_next_audit_has_started(council: Council, world: World) -> None:
    an_audit(world, at="shared")
    an_audit(world, at="draft", auditor="auditor2", details={"child_id": "C-2"})
    sweep(council.worker_context, in_london(date(2027, 10, 19)))
    world.now = in_london(date(2027, 10, 19))
    an_audit(world, at="draft", auditor="auditor2", details={"child_id": "c 1001"})
    sweep(council.worker_context, in_london(date(2027, 10, 20)))
    assert sent_notices(council, "re_audit_window_closing") == []


def test_what_is_no_id_never_counts_as_the_next_audit_of_a_child(council: Council, world: World) -> None:
    an_audit(world, at="shared", details={"child_id": "unborn"})
    an_audit(world, at="draft", auditor="auditor2", details={"child_id": "unborn"})
    sweep(council.worker_context, in_london(date(2027, 10, 20)))
    assert len(sent_notices(council, "re_audit_window_closing")) == 1


def test_a_waiting_reminder_is_not_sent_once_the_work_is_done(council: Council, world: World) -> None:
    """An audit not shared, a moderation and a plan have reminders on one day, and all are done before the email is sent."""
    draft, moderated, planned = an_audit(world, at="graded"), an_audit(world, at="shared"), an_audit(world, at="shared", grade="inadequate")
    run_once(council.worker_context, NOW)
    world.now = in_london(date(2026, 12, 8))
    sweep(council.worker_context, world.now)
    audit_moves.share(world.command_context(), world.person("auditor"), draft)
    audit_moves.waive_moderation(world.command_context(), world.person("qa"), moderated, "Not picked.")
    resolve(world, planned)
    run_once(council.worker_context, world.now + timedelta(minutes=1))
    events = ("audit_not_shared", "moderation_overdue", "response_plan_overdue", "escalation_not_acknowledged", "escalation_passed_up")
    with read_transaction(council.engine) as connection:
        found = connection.execute(select(tables.outbox.c.event, tables.outbox.c.reference, tables.outbox.c.state)).all()
    states = {
        event: {row.state for row in found if row.event == event and not (event == "moderation_overdue" and row.reference == planned)}
        for event in events
    }
    print(f"{sum(row.event in events for row in found)} reminders waited for what was done meanwhile")
    assert states == {event: {"cancelled"} for event in events}
    assert {row.state for row in found if row.event == "moderation_overdue" and row.reference == planned} == {"sent"}


def test_a_withdrawn_audit_sends_no_reminders(council: Council, world: World) -> None:
    reference = an_audit(world, at="moderated")
    world.now = in_london(date(2026, 12, 10))
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "Not this child.")
    audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), reference, "Not this child.")
    before = sent_notices(council)
    walk(council, date(2027, 1, 20), date(2026, 12, 10))
    sweep(council.worker_context, in_london(date(2027, 10, 20)))
    assert sent_notices(council) == before


# --- Where nobody can move an audit on: see also test_stalled_audits ------------------------------------------------


# The people who must leave before each has stalled; the others can do the next step.
STUCK = {
    "draft": ("draft", "good", [["auditor"]]), "shared": ("shared", "good", [["qa", "qa2"], ["hos.ppqa"]]),
    "an action open": ("moderated", "good", [["team.manager"], ["service.manager"], ["qa", "qa2"], ["hos.ppqa"]]),
    "an escalation": ("shared", "inadequate", [["director.safeguarding"], ["hos.ppqa"]]),
}  # fmt: skip


@pytest.mark.parametrize("name", STUCK)
def test_it_has_stalled_only_once_the_last_person_who_could_act_has_left(council: Council, world: World, name: str) -> None:
    at, grade, leaving = STUCK[name]
    an_audit(world, at=at, grade=grade)
    for n, names in enumerate(leaving):
        assert sent_notices(council, "audit_stands_still") == []
        for one in names:
            leaves(world, one)
        sweep(council.worker_context, in_london(TODAY + timedelta(days=n)))
    assert len(told_inbox(council)) == 1
    for one in leaving[-1]:
        set_active(world, one, is_active=True)
    sweep(council.worker_context, in_london(TODAY + timedelta(days=9)))
    assert len(told_inbox(council)) == 1


def told_inbox(council: Council) -> list[date]:
    return [one.day for one in sent_notices(council, "audit_stands_still") if one.who == "QA inbox"]


@pytest.mark.parametrize("at", ["draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed"])
@pytest.mark.parametrize("grade", ["good", "inadequate"])
def test_no_audit_has_stalled_while_everybody_is_active(council: Council, world: World, at: str, grade: str) -> None:
    an_audit(world, at=at, grade=grade)
    sweep(council.worker_context, in_london(TODAY))
    assert sent_notices(council, "audit_stands_still") == []
