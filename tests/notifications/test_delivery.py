"""Sending over a real SMTP server: nothing lost, nothing sent that did not commit, the same bytes at every try."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from notifications import outbox
from notifications.context import WorkerContext
from notifications.scheduling.worker import run_once
from tests.factories import DETAILS, NOW, World, an_audit, answers, save
from tests.notifications.support.smtp_server import SmtpServer
from web.council import Council
from workflow.commands import actions, audit_moves, drafting
from workflow.commands.actions import NewAction
from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction

CANARY = "CANARY-7Q"


def rows(context: WorkerContext, state: str | None = None) -> list[Any]:
    query = select(tables.outbox).order_by(tables.outbox.c.id)
    with read_transaction(context.engine) as connection:
        return list(connection.execute(query.where(tables.outbox.c.state == state) if state else query))


def test_each_is_sent_once_over_one_connection(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared", grade="inadequate")
    waiting = len(rows(context))
    assert run_once(context, NOW) == waiting == len(server.taken)
    assert run_once(context, NOW + timedelta(minutes=5)) == 0
    assert server.connections == 1
    assert len({email["Message-ID"] for email in server.emails()}) == waiting


def test_no_case_text_leaves_the_service(context: WorkerContext, world: World, server: SmtpServer) -> None:
    reference = drafting.start_audit(world.command_context(), world.person("auditor"), {**DETAILS, "child_id": CANARY}).reference
    save(world, "auditor", reference, "consultation", {"spoke_to": CANARY})
    audit_moves.record_consultation(world.command_context(), world.person("auditor"), reference)
    texts = {"evidence", "impact", "case_summary"}
    for section, given in answers("inadequate").items():
        if section not in {"details", "consultation"}:
            save(world, "auditor", reference, section, {key: CANARY if key in texts else value for key, value in given.items()})
    actions.add_action(
        world.command_context(), world.person("auditor"), reference, NewAction(CANARY, "practitioner@demo.example", "2026-12-01")
    )
    for move in (audit_moves.grade, audit_moves.share):
        move(world.command_context(), world.person("auditor"), reference)
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, CANARY)
    for weeks in range(8):
        run_once(context, NOW + timedelta(weeks=weeks))
    assert len(server.taken) > 12
    for email in server.emails():
        said = email.as_string() + str(email.get_content())
        assert CANARY not in said
        assert "nadequate" not in said
        assert (f": {reference}" in str(email["Subject"])) != ("Your reminders" in str(email["Subject"]))


def test_an_email_says_what_to_do_where_and_by_when(context: WorkerContext, world: World, server: SmtpServer) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    run_once(context, NOW)
    email = next(email for email in server.emails() if email["To"] == "head.of.service@demo.example")
    assert email["Auto-Submitted"] == "auto-generated"
    assert email["Importance"] == "high"
    assert email["Reply-To"] == context.settings.qa_inbox
    text = email.get_content()
    assert "acknowledge the escalation" in text
    assert f"http://localhost/audits/{reference}" in text.replace("http://127.0.0.1:8000", "http://localhost")


def test_the_address_is_the_directorys_when_it_is_sent(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared")
    with write_transaction(context.engine) as connection:
        moved = update(tables.people).where(tables.people.c.email == "qaro@demo.example").values(email="new.qaro@demo.example")
        connection.execute(moved)
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    run_once(context, NOW)
    assert {"new.qaro@demo.example"} == {to for to, _ in server.taken if "qaro" in to}


def test_a_second_try_sends_the_same_bytes_to_the_same_address(context: WorkerContext, world: World, server: SmtpServer) -> None:
    server.after_data = lambda to, tries: "421 closing" if to.startswith("qaro") else None
    an_audit(world, at="shared")
    run_once(context, NOW)
    with write_transaction(context.engine) as connection:
        moved = update(tables.people).where(tables.people.c.email == "qaro@demo.example").values(email="new.qaro@demo.example")
        connection.execute(moved)
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    run_once(context, NOW + timedelta(minutes=5))
    copies = [body for _, body in server.taken if b"qaro" in body]
    assert len(copies) == 2
    assert len(set(copies)) == 1


def test_an_email_to_a_person_who_has_left_is_a_task_for_the_qa_service(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared")
    with write_transaction(context.engine) as connection:
        connection.execute(update(tables.people).where(tables.people.c.email == "qaro@demo.example").values(is_active=False))
        connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
    run_once(context, NOW)
    assert [row.event for row in rows(context, "dead")] == ["audit_shared"]
    assert undelivered(context) == 1


def undelivered(context: WorkerContext) -> int:
    with read_transaction(context.engine) as connection:
        told = connection.execute(select(tables.notices).where(tables.notices.c.event == "mail_undelivered")).all()
    assert all(notice.recipient == 0 for notice in told)
    return len(told)


def test_a_permanent_refusal_notifies_the_qa_service_and_stops_no_other_email(
    context: WorkerContext, world: World, server: SmtpServer
) -> None:
    server.answers = lambda to, tries: "550 no such user" if to.startswith("qaro") else None
    an_audit(world, at="shared")
    everybody = len(rows(context))
    assert run_once(context, NOW) == everybody - 1
    assert [row.last_error for row in rows(context, "dead")] == ["the address was refused with 550"]
    assert undelivered(context) == 1
    run_once(context, NOW + timedelta(days=1))
    assert server.tried["qaro@demo.example"] == 1


def test_a_temporary_refusal_is_tried_again_at_longer_intervals_with_the_same_bytes(
    context: WorkerContext, world: World, server: SmtpServer
) -> None:
    server.after_data = lambda to, tries: "421 closing" if to.startswith("qaro") and tries <= 3 else None
    an_audit(world, at="shared")
    for minutes in range(0, 60, 2):
        run_once(context, NOW + timedelta(minutes=minutes))
    assert server.tried["qaro@demo.example"] == 4
    copies = [body for to, body in server.taken if to == "qaro@demo.example"]
    assert len(copies) == 4, "one for each try whose outcome was unknown"
    assert len(set(copies)) == 1
    assert not rows(context, "waiting")


def test_an_unavailable_server_loses_nothing_and_is_tried_for_three_days(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared")
    everybody = len(rows(context))
    away = replace(context, settings=replace(context.settings, mail_url="smtp://127.0.0.1:1?tls=none"))
    at = NOW
    while at < NOW + timedelta(hours=71):
        assert run_once(away, at) == 0
        at += timedelta(hours=3)
    assert len(rows(context, "waiting")) == everybody
    # Once the mail server is up again everything is sent within a quarter of an hour.
    assert run_once(context, at - timedelta(hours=3) + timedelta(minutes=13)) == everybody


def test_an_email_not_delivered_in_three_days_is_a_task_for_the_qa_service(
    context: WorkerContext, world: World, server: SmtpServer
) -> None:
    server.answers = lambda to, tries: "450 later" if to.startswith("qaro") else None
    an_audit(world, at="shared")
    for hours in range(0, 80, 2):
        run_once(context, NOW + timedelta(hours=hours))
    assert [row.state for row in rows(context) if row.last_error] == ["dead"]
    assert undelivered(context) == 1
    assert server.tried["qaro@demo.example"] > 30


def test_one_broken_row_does_not_stop_the_rest(context: WorkerContext, world: World, server: SmtpServer) -> None:
    for _ in range(20):
        an_audit(world, at="shared")
    everybody = len(rows(context))
    with write_transaction(context.engine) as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.id == 3).values(event="no_such_event"))
    assert run_once(context, NOW) == everybody - 1
    assert [row.id for row in rows(context, "waiting")] == [3]


def test_several_workers_send_nothing_twice(context: WorkerContext, world: World, server: SmtpServer) -> None:
    for _ in range(12):
        an_audit(world, at="shared")
    everybody = len(rows(context))
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: run_once(context, NOW), range(4)))
    assert sum(sent) == everybody
    assert set(Counter(body for _, body in server.taken).values()) == {1}


def test_the_emails_of_a_dead_worker_are_sent_by_another_within_a_minute(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared")
    everybody = len(rows(context))
    assert outbox.claim(context.engine, "dead", NOW, context.notification_rules)
    assert run_once(context, NOW + outbox.LEASE - timedelta(seconds=1)) == 0
    assert run_once(context, NOW + outbox.LEASE) == everybody
    assert timedelta(seconds=60) > outbox.LEASE


def test_the_same_notice_twice_is_sent_once(context: WorkerContext, council: Council, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared", grade="inadequate")
    with read_transaction(council.engine) as connection:
        notices = connection.execute(select(tables.notices.c.key, tables.notices.c.recipient)).all()
        posts = connection.execute(select(tables.outbox.c.key, tables.outbox.c.recipient)).all()
    assert sorted(map(tuple, notices)) == sorted(map(tuple, posts))
    assert len(set(notices)) == len(notices)
