"""In browser and JSON, somebody who declared a connection to a child no longer meets anything of that child’s audits."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from notifications.scheduling.worker import run_once
from tests.factories import World, an_audit, assign
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from web.council import Council
from workflow.commands.directory.connections import declare_connection
from workflow.storage import tables
from workflow.storage.engine import read_transaction

PEOPLE = ("practitioner", "team.manager", "qaro", "auditor", "moderator", "qa", "head.of.service", "hos.ppqa")


@pytest.mark.parametrize("name", PEOPLE)
def test_every_interface_refuses_from_the_next_request_on(app: Flask, world: World, caller: ApiClient, name: str) -> None:
    reference = an_audit(world, "shared", grade="inadequate")
    assign(world, reference)
    browser, email = Browser(app, name), f"{name}@demo.example"
    assert reference in _all_of(browser) + browser.get("/").text
    assert browser.get(f"/audits/{reference}").status_code == 200
    declare_connection(world.command_context(), world.person(name), "C-1001")
    assert reference not in _all_of(browser)
    assert "(1)" not in browser.get("/audits").text
    for path in ("", "/read", "/history", "/escalation", "/actions/1", "/sections/area_1"):
        answer = browser.get(f"/audits/{reference}{path}")
        assert answer.status_code == 404, path
        assert _but_for_the_token(answer.text) == _but_for_the_token(browser.get("/audits/zzzz-zzzz").text), path
    assert caller.call(email, "GET", f"/audits/{reference}").json == caller.call(email, "GET", "/audits/zzzz-zzzz").json
    assert caller.ok(email, "GET", "/audits") == {"audits": [], "next": None}
    assert caller.ok(email, "POST", "/audits/search", {"q": "C-1001"})["audits"] == []
    assert caller.ok(email, "GET", "/notices")["notices"] == []


def _but_for_the_token(page: str) -> str:
    """It is made again each second."""
    return re.sub(r'name="csrf_token" value="[^"]+"', "", page)


def _all_of(browser: Browser) -> str:
    found = browser.post("/audits/search", q="C-1001").text.split("</form>")[-1]
    return "".join(browser.get(path).text for path in ("/", "/audits", "/notices")) + found


def test_a_waiting_email_is_cancelled_and_no_reminder_comes(world: World, caller: ApiClient, app: Flask) -> None:
    council: Council = app.extensions["council"]
    an_audit(world, "shared")
    declare_connection(world.command_context(), world.person("practitioner"), "C-1001")
    caller.emails()
    run_once(council.worker_context, datetime(2027, 3, 1, 9, 0, tzinfo=UTC))
    practitioner = world.person("practitioner").id
    with read_transaction(council.engine) as connection:
        rows = connection.execute(select(tables.outbox).where(tables.outbox.c.recipient == practitioner)).all()
        others = connection.execute(select(tables.outbox.c.recipient).where(tables.outbox.c.event == "action_overdue")).scalars().all()
    assert {(row.event, row.state) for row in rows} == {("audit_shared", "cancelled"), ("action_assigned", "cancelled")}
    assert world.person("team.manager").id in others
    assert not [email for email in (council.settings.data / "mail").glob("*.eml") if b"practitioner@" in email.read_bytes()]
