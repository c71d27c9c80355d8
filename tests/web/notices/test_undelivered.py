"""Emails that were not delivered: the QA Service sees them, sends them again, or records that they told the person another way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, update

from notifications.context import WorkerContext
from notifications.scheduling.worker import run_once
from tests.factories import NOW, World, an_audit
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.support.browser import Browser
from web.council import Council
from web.notices.queries import SIZE
from workflow.storage import tables
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import read_transaction, write_transaction


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


@pytest.fixture
def context(council: Council, server: SmtpServer) -> WorkerContext:
    return replace(council.worker_context, settings=replace(council.settings, mail_url=server.url))


@pytest.fixture
def refused(context: WorkerContext, world: World, server: SmtpServer) -> str:
    """The reference of a shared audit whose QARO could not be told, once and for all."""
    server.answers = lambda to, tries: "550 no such user" if to.startswith("qaro@") else None
    reference = an_audit(world, at="shared")
    run_once(context, NOW)
    return reference


def state(context: WorkerContext) -> str:
    with read_transaction(context.engine) as connection:
        about = tables.outbox.c.recipient == select(tables.people.c.id).where(tables.people.c.email.like("%qaro@%")).scalar_subquery()
        return str(connection.execute(select(tables.outbox.c.state).where(about)).scalar_one())


def test_a_failed_email_is_a_task_a_notice_and_a_line_on_the_page(app: Flask, refused: str) -> None:
    browser = Browser(app, "qa")
    assert "Deal with an email that could not be delivered" in browser.get("/").text
    assert 'href="/undelivered"' in browser.get("/notices").text
    page = browser.get("/undelivered").text
    assert "An audit has been shared with you" in page
    assert refused in page
    assert "the address was refused with 550" in page
    assert "Tried 1 time." in page


def test_sent_again_it_goes_to_the_corrected_address(app: Flask, context: WorkerContext, refused: str, server: SmtpServer) -> None:
    browser = Browser(app, "qa")
    browser.get("/undelivered")
    with write_transaction(context.engine) as connection:
        mended = update(tables.people).where(tables.people.c.email == "qaro@demo.example").values(email="new.qaro@demo.example")
        connection.execute(mended)
        bump_version(connection)
    assert browser.post(f"/undelivered/{_id(context)}/again").status_code == 303
    assert state(context) == "waiting"
    # Long after: it is tried for three days again.
    run_once(context, NOW + timedelta(days=30))
    assert [to for to, _ in server.taken if "qaro" in to] == ["new.qaro@demo.example"]
    assert state(context) == "sent"
    assert "Deal with an email" not in browser.get("/").text


def test_a_second_failure_is_notified_again(app: Flask, context: WorkerContext, refused: str) -> None:
    browser = Browser(app, "hos.ppqa")
    browser.get("/undelivered")
    browser.post(f"/undelivered/{_id(context)}/again")
    run_once(context, NOW + timedelta(days=400))
    assert state(context) == "dead"
    with read_transaction(context.engine) as connection:
        told = connection.execute(select(tables.notices).where(tables.notices.c.event == "mail_undelivered")).all()
    assert len(told) == 2


def test_told_another_way_it_is_settled_by_name_and_gone_from_the_page(
    app: Flask, context: WorkerContext, world: World, refused: str
) -> None:
    browser = Browser(app, "qa")
    browser.get("/undelivered")
    the_id = _id(context)
    browser.post(f"/undelivered/{the_id}/settle")
    assert refused not in browser.get("/undelivered").text
    with read_transaction(context.engine) as connection:
        row = connection.execute(select(tables.outbox).where(tables.outbox.c.id == the_id)).one()
    assert (row.state, row.settled_by) == ("dead", world.person("qa").id)
    assert row.settled_at
    for verb in ("settle", "again"):
        answer = browser.post(f"/undelivered/{the_id}/{verb}")
        assert answer.status_code == 409
        assert "Somebody has already dealt with this email." in answer.text


def test_a_retried_email_shows_its_attempts_and_the_reason(app: Flask, context: WorkerContext, world: World, server: SmtpServer) -> None:
    server.answers = lambda to, tries: "450 later" if to.startswith("qaro@") else None
    an_audit(world, at="shared")
    for minutes in (0, 5):
        run_once(context, NOW + timedelta(minutes=minutes))
    page = Browser(app, "qa").get("/undelivered").text
    assert "the address was refused with 450" in page
    assert "Tried 2 times" in page
    assert "Send again" not in page


def test_a_connected_person_does_not_see_emails_about_the_child(app: Flask, context: WorkerContext, world: World, refused: str) -> None:
    with write_transaction(context.engine) as connection:
        declared = {"person_id": world.person("qa").id, "child_id": "c-1001", "declared_by": 1, "declared_at": NOW}
        connection.execute(insert(tables.connections).values(**declared))
        bump_version(connection)
    assert refused not in Browser(app, "qa").get("/undelivered").text
    assert refused in Browser(app, "hos.ppqa").get("/undelivered").text


def test_an_email_about_an_account_is_not_sent_again(app: Flask, context: WorkerContext, refused: str) -> None:
    with write_transaction(context.engine) as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.state == "dead").values(event="password_reset", reference=""))
    browser = Browser(app, "qa")
    page = browser.get("/undelivered").text
    assert "Choose a new password" in page
    assert "Send again" not in page
    answer = browser.post(f"/undelivered/{_id(context)}/again")
    assert answer.status_code == 409
    assert "the person must ask for a new one" in answer.text


def test_failed_emails_are_shown_in_pages(app: Flask, context: WorkerContext, world: World, server: SmtpServer) -> None:
    server.answers = lambda to, tries: "550 no such user"
    while _how_many_dead(context) <= SIZE:
        for _ in range(5):
            an_audit(world, at="shared")
        run_once(context, NOW)
    browser = Browser(app, "qa")
    first = browser.get("/undelivered").text
    assert first.count("Reason:") == SIZE
    assert f"Deal with {_how_many_dead(context)} emails" in browser.get("/").text
    cursor = first.split("/undelivered?cursor=")[1].split('"')[0]
    assert browser.get(f"/undelivered?cursor={cursor}").text.count("Reason:") == _how_many_dead(context) - SIZE


def _how_many_dead(context: WorkerContext) -> int:
    with read_transaction(context.engine) as connection:
        return len(connection.execute(select(tables.outbox.c.id).where(tables.outbox.c.state == "dead")).all())


def _id(context: WorkerContext) -> int:
    with read_transaction(context.engine) as connection:
        return int(connection.execute(select(tables.outbox.c.id).where(tables.outbox.c.state == "dead")).scalar_one())
