"""A forgotten password: one link by email, valid for an hour and once; no response shows which accounts exist."""

import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import select

from notifications.context import WorkerContext
from notifications.scheduling.worker import run_once
from tests.factories import a_council, settings
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.support.browser import text_of
from tests.web.support.hashing_work import slow_work
from tests.web.support.sign_in import Visitor, copy_of
from web.app import create_app
from web.council import Council
from web.identity.credentials.security_app import security_app
from workflow.storage import tables
from workflow.storage.engine import read_transaction

AUDITOR, NEW = "auditor@demo.example", "three wet lampposts"


@pytest.fixture
def context(app: Flask, server: SmtpServer) -> WorkerContext:
    council: Council = app.extensions["council"]
    return replace(council.worker_context, settings=replace(council.settings, mail_url=server.url))


def link_in(server: SmtpServer, which: int = -1) -> str:
    found = re.search(r"http://localhost(/new-password\?token=\S+)", server.emails()[which].get_content())
    assert found
    return found[1]


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What we logged: the test’s mail server logs every byte."""
    return str([record.getMessage() for record in caplog.records if record.name != "mail.log"])


def stored(context: WorkerContext) -> list[object]:
    with read_transaction(context.engine) as connection:
        return list(connection.execute(select(tables.outbox)))


def test_the_link_is_in_the_email_and_nowhere_else(
    app: Flask, context: WorkerContext, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = Visitor(app).send("/forgotten-password", email=" Auditor@demo.example ").get_data(as_text=True)
    assert "we have emailed them a link" in page
    assert server.taken == []
    waiting = str(stored(context))
    run_once(context, datetime.now(UTC))
    token = link_in(server).partition("=")[2]
    to, body = server.taken[0]
    assert (to, len(server.taken), body.count(b"http")) == (AUDITOR, 1, 1)
    assert "Audit:" not in server.emails()[0].get_content()
    assert [words for words in (waiting, str(stored(context)), ours(caplog)) if token[:20] in words] == []
    assert AUDITOR not in ours(caplog)


def test_a_link_sets_a_password_once_and_ends_every_session(
    app: Flask, context: WorkerContext, server: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    signed_in, visitor = Visitor(app), Visitor(app, "192.0.2.50")
    signed_in.tries(AUDITOR)
    thief = copy_of(app, signed_in)
    visitor.send("/forgotten-password", email=AUDITOR)
    run_once(context, datetime.now(UTC))
    path = link_in(server)
    token = path.partition("=")[2]
    assert visitor.get(path).headers["Referrer-Policy"] == "same-origin"
    assert visitor.send(path, "/new-password", token=token, new="password1234").status_code == 422
    assert signed_in.is_in()
    assert visitor.send(path, "/new-password", token=token, new=NEW).headers["Location"] == "/sign-in?chosen=yes"
    assert [signed_in.is_in(), thief.is_in()] == [False, False]
    assert visitor.tries(AUDITOR).status_code == 422
    assert visitor.tries(AUDITOR, NEW).status_code == 302
    again = Visitor(app).get(path)
    assert again.status_code == 422
    assert "no longer works" in text_of(again.get_data(as_text=True))
    run_once(context, datetime.now(UTC))
    assert [email["Subject"] for email in server.emails()] == [
        "Choose a new password", "Your password was changed", "A sign-in from a new place"
    ]  # fmt: skip
    assert [words for words in (NEW, AUDITOR, token[:20]) if words in ours(caplog)] == []


def test_a_link_works_over_https(tmp_path: Path) -> None:
    a_council(tmp_path / "https").engine.dispose()
    app = create_app(settings(tmp_path / "https", BASE_URL="https://audits.example"))
    account = app.extensions["council"].store.directory().by_email(AUDITOR)
    with app.app_context(), security_app().context() as security:
        token = generate_reset_password_token(security.datastore.find_user(id=account.id))
    visitor = Visitor(app, base_url="https://audits.example")
    answer = visitor.send(f"/new-password?token={token}", "/new-password", token=token, new=NEW)
    assert (answer.status_code, visitor.tries(AUDITOR, NEW).status_code) == (302, 302)
    app.extensions["council"].engine.dispose()


def test_a_link_lasts_an_hour(app: Flask, context: WorkerContext, server: SmtpServer) -> None:
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    with time_machine.travel(now, tick=False) as clock:
        Visitor(app).send("/forgotten-password", email=AUDITOR)
        run_once(context, now)
        clock.shift(timedelta(minutes=59))
        assert Visitor(app).get(link_in(server)).status_code == 200
        clock.shift(timedelta(minutes=2))
        assert Visitor(app).get(link_in(server)).status_code == 422


def test_every_attempt_sends_the_same_email_and_none_after_an_hour(app: Flask, context: WorkerContext, server: SmtpServer) -> None:
    server.after_data = lambda to, tries: "421 later" if tries == 1 else None
    Visitor(app).send("/forgotten-password", email=AUDITOR)
    now = datetime.now(UTC)
    run_once(context, now)
    assert run_once(context, now + timedelta(minutes=5)) == 1
    assert len(server.taken) == 2
    assert server.taken[0] == server.taken[1]
    server.answers = lambda to, tries: "450 later"
    Visitor(app).send("/forgotten-password", email="qa@demo.example")
    run_once(context, now + timedelta(minutes=6))
    server.answers = lambda to, tries: None
    run_once(context, now + timedelta(minutes=70))
    assert len(server.taken) == 2
    assert [(row.state, row.locked, row.body) for row in stored(context)] == [("sent", None, None), ("cancelled", None, None)]  # type: ignore[attr-defined]


@pytest.mark.parametrize("token", ["", "x", "WyJmaXJzdC0xIiwgbnVsbF0.aaaa.bbbb", "☃" * 40, "a" * 5000])
def test_a_forged_link_is_refused(app: Flask, token: str) -> None:
    visitor = Visitor(app)
    assert visitor.get(f"/new-password?token={token}").status_code == 422
    assert visitor.send("/sign-in", "/new-password", token=token, new=NEW).status_code == 422


def test_requesting_a_link_shows_no_accounts_and_sends_few_emails(app: Flask, context: WorkerContext, server: SmtpServer) -> None:
    done: dict[str, list[list[str]]] = {AUDITOR: [], "nobody@demo.example": []}
    pages = set()
    Visitor(app).send("/forgotten-password", email="qa@demo.example")
    for n in range(4):
        for email in done:
            visitor = Visitor(app, f"203.0.113.{n}")
            token = visitor.get("/forgotten-password").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
            with slow_work() as work:
                answer = visitor.client.post("/forgotten-password", data={"csrf_token": token, "email": email}, **visitor.more)
            done[email].append(work)
            pages.add((answer.status_code, answer.get_data(as_text=True)))
    run_once(context, datetime.now(UTC))
    assert len(pages) == 1
    assert [to for to, _ in server.taken].count(AUDITOR) <= 2
    assert done[AUDITOR] == done["nobody@demo.example"] == [["hash_data", "encrypt"]] * 4


def test_repeated_requests_have_to_wait(app: Flask) -> None:
    visitor = Visitor(app)
    answers = [visitor.send("/forgotten-password", email=AUDITOR).status_code for _ in range(8)]
    assert answers.count(200) == 4
    assert answers.count(429) == 4
    assert visitor.send("/forgotten-password", email="not an address").status_code == 422
