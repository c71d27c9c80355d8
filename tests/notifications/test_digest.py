"""Reminders are sent as one email, in the morning, Monday to Friday; news and escalations are sent at once."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from notifications.context import WorkerContext
from notifications.queries import oldest_unsent
from notifications.reminders.digest_schedule import next_digest_times
from notifications.scheduling.worker import run_once
from tests.factories import NOTIFICATION_RULES, NOW, World, an_audit
from tests.notifications.support.outbox_assertions import in_london
from tests.notifications.support.smtp_server import SmtpServer
from workflow.commands import action_moves, actions, audit_moves
from workflow.commands.actions import NewAction
from workflow.storage import tables
from workflow.storage.engine import read_transaction
from workflow.working_days import LONDON

# The actions of the factories are due on Sunday 20 December, so a week before is a Sunday too.
SUNDAY, MONDAY, TUESDAY = date(2026, 12, 13), date(2026, 12, 14), date(2026, 12, 15)
NEXT_MONDAY = date(2026, 12, 21)


@pytest.fixture
def two(context: WorkerContext, world: World, server: SmtpServer) -> list[str]:
    """Two moderated audits, each with an action of the same practitioner; their news is sent."""
    references = [an_audit(world, at="moderated", details={"child_id": f"C-{n}"}) for n in (1, 2)]
    run_once(context, NOW)
    server.taken.clear()
    return references


def emails_to(server: SmtpServer, who: str = "practitioner") -> list[Any]:
    taken = [email for email in server.emails() if email["To"] == f"{who}@demo.example"]
    server.taken.clear()
    return taken


def text(email: Any) -> str:
    return str(email.get_content()).replace("\r\n", "\n")


def rows(context: WorkerContext, event: str) -> list[Any]:
    with read_transaction(context.engine) as connection:
        return list(connection.execute(select(tables.outbox).where(tables.outbox.c.event == event).order_by(tables.outbox.c.id)))


def test_reminders_wait_for_monday_morning_and_go_together(context: WorkerContext, two: list[str], server: SmtpServer) -> None:
    for at in (in_london(SUNDAY, 0, 1), in_london(SUNDAY, 9), in_london(MONDAY, 7, 59)):
        run_once(context, at)
        assert emails_to(server) == []
    assert len(rows(context, "action_due_soon")) == 2, "each keyed and counted by itself"
    run_once(context, in_london(MONDAY, 8))
    (email,) = emails_to(server)
    said = text(email)
    assert "2 things to do." in said
    assert said.count("Complete the action before it is due.") == 1
    for reference in two:
        assert f"- Audit {reference}, action 1, due 20 December 2026:\n  http://localhost/audits/{reference}/actions/1\n" in said
    assert {(row.state, row.message_id) for row in rows(context, "action_due_soon")} == {("sent", email["Message-ID"])}
    run_once(context, in_london(MONDAY, 8, 1))
    assert emails_to(server) == []


def test_the_earliest_due_date_is_on_top(context: WorkerContext, world: World, two: list[str], server: SmtpServer) -> None:
    soon = NewAction("Write to the school.", "practitioner@demo.example", "2026-12-12")
    world.now = NOW + timedelta(hours=1)
    draft = an_audit(world, at="graded", details={"child_id": "C-3"})
    actions.add_action(world.command_context(), world.person("auditor"), draft, soon)
    audit_moves.share(world.command_context(), world.person("auditor"), draft)
    run_once(context, world.now)
    server.taken.clear()
    run_once(context, in_london(MONDAY, 8))
    said = text(emails_to(server)[0])
    assert (
        said.index("that more time is asked for")
        < said.index("due 12 December")
        < said.index("before it is due")
        < said.index("due 20 December")
    )


def test_one_email_a_morning(context: WorkerContext, world: World, two: list[str], server: SmtpServer) -> None:
    run_once(context, in_london(MONDAY, 8))
    assert len(emails_to(server)) == 1
    # A third action comes up in the course of Friday: it waits for Monday.
    friday = date(2026, 12, 18)
    world.now = in_london(friday, 8)
    run_once(context, world.now)
    assert len(emails_to(server)) == 1, "both are due on the Sunday, so Friday is their last working day"
    world.now = in_london(friday, 11)
    action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), two[0], 1, date(2026, 12, 23), "She is away.")
    action_moves.grant_more_time(world.command_context(), world.person("qa"), two[0], 1)
    sent = {at: (run_once(context, at), [str(email["Subject"]) for email in emails_to(server)])[1] for at in _hours(friday, 11, 80)}
    digests = [at for at, subjects in sent.items() for subject in subjects if subject == "Your reminders from Practice Audit"]
    assert digests == [in_london(NEXT_MONDAY, 8)]


def _hours(day: date, hour: int, count: int) -> list[datetime]:
    return [in_london(day, hour) + timedelta(hours=n) for n in range(count)]


def test_news_and_escalations_do_not_wait_for_monday(context: WorkerContext, world: World, server: SmtpServer) -> None:
    saturday = in_london(date(2026, 12, 12), 23)
    world.now = saturday
    an_audit(world, at="shared", grade="inadequate")
    run_once(context, saturday)
    assert {"head.of.service@demo.example", "director.safeguarding@demo.example", "hos.ppqa@demo.example"} <= {to for to, _ in server.taken}
    server.taken.clear()
    for day in range(1, 4):
        run_once(context, in_london(date(2026, 12, 12) + timedelta(days=day), 0, 5))
    chased = {to for to, body in server.taken if b"Acknowledge an escalation: it is overdue" in body}
    assert "head.of.service@demo.example" in chased


def test_a_worker_that_was_down_in_the_morning_sends_when_it_is_back(context: WorkerContext, two: list[str], server: SmtpServer) -> None:
    run_once(context, in_london(TUESDAY, 15))
    assert len(emails_to(server)) == 1


def test_a_digest_is_sent_again_with_the_same_bytes_without_what_is_done(
    context: WorkerContext, world: World, two: list[str], server: SmtpServer
) -> None:
    server.after_data = lambda to, tries: "421 closing" if to.startswith("practitioner") else None
    monday = in_london(MONDAY, 8)
    for minutes in (0, 5, 15):
        run_once(context, monday + timedelta(minutes=minutes))
    copies = [body for to, body in server.taken if to.startswith("practitioner")]
    assert (len(copies), len(set(copies))) == (3, 1)
    world.now = monday + timedelta(hours=1)
    action_moves.report(world.command_context(), world.person("team.manager"), two[0], 1)
    server.after_data = lambda to, tries: None
    server.taken.clear()
    run_once(context, monday + timedelta(hours=1))
    email = next(email for email in emails_to(server) if "Your reminders" in email["Subject"])
    assert two[0] not in text(email)
    assert two[1] in text(email)
    assert sorted(row.state for row in rows(context, "action_due_soon")) == ["cancelled", "sent"]


def test_a_digest_is_tried_for_three_days(context: WorkerContext, two: list[str], server: SmtpServer) -> None:
    away = replace(context, settings=replace(context.settings, mail_url="smtp://127.0.0.1:1?tls=none"))
    run_once(away, in_london(SUNDAY, 0, 1))
    for hours in range(0, 71, 6):
        run_once(away, in_london(MONDAY, 8) + timedelta(hours=hours))
    assert {row.state for row in rows(context, "action_due_soon")} == {"waiting"}
    run_once(context, in_london(MONDAY, 8) + timedelta(hours=71))
    assert len(emails_to(server)) == 1


def test_a_digest_refused_for_good_is_one_task_for_the_qa_service(context: WorkerContext, two: list[str], server: SmtpServer) -> None:
    server.answers = lambda to, tries: "550 no such user" if to.startswith("practitioner") else None
    run_once(context, in_london(MONDAY, 8))
    assert {row.state for row in rows(context, "action_due_soon")} == {"dead"}
    with read_transaction(context.engine) as connection:
        told = connection.execute(select(tables.notices).where(tables.notices.c.event == "mail_undelivered")).all()
    assert [(notice.recipient, notice.reference) for notice in told] == [(0, "")]


def test_a_reminder_that_waits_for_the_morning_is_not_late(context: WorkerContext, two: list[str]) -> None:
    away = replace(context, settings=replace(context.settings, mail_url="smtp://127.0.0.1:1?tls=none"))
    run_once(away, in_london(SUNDAY, 0, 1))
    assert oldest_unsent(context.engine, in_london(SUNDAY, 23)) is None
    assert oldest_unsent(context.engine, in_london(MONDAY, 9)) == in_london(MONDAY, 8)


MORNINGS = [
    # now, when reminders were last looked for, and the morning that a reminder found now waits for: all London’s.
    ("2026-12-14T00:01", "2026-12-11T00:01", "2026-12-14"),
    ("2026-12-14T15:00", "2026-12-14T07:59", "2026-12-14"),
    ("2026-12-14T15:00", "2026-12-14T08:00", "2026-12-15"),
    ("2026-12-14T15:00", "", "2026-12-14"),
    ("2026-12-18T11:00", "2026-12-18T10:59", "2026-12-21"),
    ("2026-12-19T11:00", "2026-12-19T10:59", "2026-12-21"),
    ("2026-12-20T23:59", "2026-12-14T10:59", "2026-12-21"),
    ("2027-03-28T23:30", "2027-03-28T00:30", "2027-03-29"),
    ("2027-11-01T00:00", "2027-10-31T01:30", "2027-11-01"),
]  # fmt: skip


@pytest.mark.parametrize(("now", "last", "morning"), MORNINGS)
def test_a_reminder_waits_for_eight_o_clock_in_london(now: str, last: str, morning: str) -> None:
    last_swept_at = _in_london(last) if last else None
    held = next_digest_times(_in_london(now), NOTIFICATION_RULES, last_swept_at)
    assert set(held.values()) == {_in_london(f"{morning}T08:00")}
    assert held.keys() == {
        "action_due_soon", "action_due_today", "action_overdue", "re_audit_window_closing", "audit_not_shared", "moderation_due_soon",
        "moderation_overdue", "impact_re_check_due",
    }  # fmt: skip


def _in_london(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=LONDON)
