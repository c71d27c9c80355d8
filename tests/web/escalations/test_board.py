"""The escalation board: which recipients have been notified, what happens next, and what somebody has to do."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert
from time_machine import Traveller

from notifications.scheduling.worker import run_once, sweep
from tests.factories import NOW, World, an_audit, resolve
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, text_of
from tests.web.support.roles import leaves, now_holds
from web.council import Council
from web.escalations.queries import SIZE
from workflow.commands import escalations
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import connections, duties

RECIPIENTS = ("head.of.service", "director.safeguarding", "hos.ppqa")


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    made = SmtpServer()
    made.start()
    yield made
    made.stop()


def recipients_shown(caller: ApiClient, name: str = "hos.ppqa") -> list[dict[str, Any]]:
    """The recipients of the newest escalation, in the order of their posts."""
    board = caller.call(f"{name}@demo.example", "GET", "/escalations").get_json()
    recipients: list[dict[str, Any]] = board["escalations"][0]["recipients"]
    return recipients


def works(app: Flask, at: datetime, smtp_server: SmtpServer | None = None) -> None:
    council: Council = app.extensions["council"]
    settings = replace(council.settings, mail_url=smtp_server.url) if smtp_server else council.settings
    run_once(replace(council.worker_context, settings=settings), at)


def test_each_recipient_goes_from_sent_to_acknowledged(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    assert [one["state"] for one in recipients_shown(caller)] == ["sent"] * 3
    works(app, NOW + timedelta(minutes=1))
    clock.shift(120)
    assert [one["state"] for one in recipients_shown(caller)] == ["delivered"] * 3
    assert Browser(app, "director.safeguarding").get(f"/audits/{reference}").status_code == 200
    world.passes(minutes=5)
    escalations.acknowledge(world.command_context(), world.person("head.of.service"), reference)
    facts = recipients_shown(caller)
    assert [one["state"] for one in facts] == ["acknowledged", "seen", "delivered"]
    assert facts[0]["acknowledged_at"] == (NOW + timedelta(minutes=5)).isoformat()
    assert facts[0]["by_link"] is False
    page = text_of(Browser(app, "hos.ppqa").get("/escalations").get_data(as_text=True))
    for words in (
        "Acknowledged 23 November 2026 at 9:35am as holder of the post, in this service.",
        "First read",
        "Delivered to the mail server 23 November",
    ):
        assert words in page


def test_what_was_read_before_it_was_escalated_is_not_seen(world: World, app: Flask, caller: ApiClient, clock: Traveller) -> None:
    reference = an_audit(world, at="shared")
    assert Browser(app, "hos.ppqa").get(f"/audits/{reference}/read").status_code == 200
    world.passes(minutes=5)
    escalations.raise_escalation(world.command_context(), world.person("qa"), reference, "Look.")
    clock.shift(400)
    assert [one["seen_at"] for one in recipients_shown(caller)] == [None] * 3


def test_the_clock_makes_it_overdue_and_says_what_is_next(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    an_audit(world, at="shared", grade="inadequate")
    works(app, NOW)
    first = recipients_shown(caller)[0]
    dates = [first[name] for name in ("due_on", "chase_on", "pass_up_on")]
    assert dates == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert first["next_up"] == "director.safeguarding@demo.example"
    seen: dict[int, tuple[bool, bool]] = {}
    for days in (0, 1, 2, 3):
        clock.move_to(NOW + timedelta(days=days))
        sweep(app.extensions["council"].worker_context, NOW + timedelta(days=days))
        works(app, NOW + timedelta(days=days))
        one = recipients_shown(caller)[0]
        seen[days] = (one["is_overdue"], one["passed_up_at"] is not None)
    assert seen == {0: (False, False), 1: (False, False), 2: (True, False), 3: (True, True)}
    page = text_of(Browser(app, "qa").get("/escalations").get_data(as_text=True))
    assert "Overdue" in page
    assert re.search(r"Passed to Sam|Passed to [A-Z]", page)
    print(seen)


def test_an_address_that_bounces_is_the_first_task_of_the_qa_service(
    app: Flask, world: World, caller: ApiClient, clock: Traveller, smtp_server: SmtpServer
) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    smtp_server.answers = lambda to, tries: "550 5.1.1 No such mailbox" if to.startswith("director") else None
    works(app, NOW, smtp_server)
    clock.shift(60)
    facts = recipients_shown(caller)
    assert [one["state"] for one in facts] == ["delivered", "failed", "delivered"]
    assert "refused with 550" in facts[1]["failed_because"]
    tasks = re.findall(r"<tr.*?</tr>", Browser(app, "qa").get("/").get_data(as_text=True), re.S)
    assert "Phone the Director: the escalation email could not be delivered" in text_of(tasks[1])
    assert reference in tasks[1]
    page = Browser(app, "qa").get("/escalations").get_data(as_text=True)
    assert "Not notified" in page
    assert re.search(r'href="/people/\d+"', page), "a link to what to do"
    escalations.acknowledge(world.command_context(), world.person("director.safeguarding"), reference)
    assert "Phone the Director" not in Browser(app, "qa").get("/").get_data(as_text=True)


def test_an_email_that_only_waits_is_a_task_after_five_minutes(app: Flask, world: World, clock: Traveller) -> None:
    an_audit(world, at="shared", grade="inadequate")
    clock.shift(240)
    assert "the escalation email has not been delivered" not in Browser(app, "qa").get("/").get_data(as_text=True)
    clock.shift(120)
    assert "the escalation email has not been delivered" in Browser(app, "qa").get("/").get_data(as_text=True)


def test_a_post_that_nobody_holds_is_a_task_at_once(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    an_audit(world, at="shared", grade="inadequate")
    works(app, NOW)
    council: Council = app.extensions["council"]
    for name in ("director.safeguarding", "head.of.service"):
        leaves(council, name)
    now_holds(council, "hos.ppqa", "auditor")
    facts = recipients_shown(caller, "qa")
    assert [(one["person"], one["state"]) for one in facts] == [(None, "failed")] * 3
    page = text_of(Browser(app, "qa").get("/").get_data(as_text=True))
    assert "Fill the vacant posts of Head of Service, Director and HoS for Practice, Performance and QA to deal with an escalation" in page


def test_a_post_that_changed_hands_names_its_holder_and_the_first_recipient(
    app: Flask, world: World, caller: ApiClient, clock: Traveller
) -> None:
    an_audit(world, at="shared", grade="inadequate")
    works(app, NOW)
    council: Council = app.extensions["council"]
    now_holds(council, "head.of.service", "auditor")
    now_holds(council, "auditor2", "head_of_service:assessment")
    first = recipients_shown(caller)[0]
    assert (first["person"], first["state"]) == ("auditor2@demo.example", "failed")
    assert "The person in this post has changed" in first["failed_because"]
    sweep(council.worker_context, NOW + timedelta(days=2))
    works(app, NOW + timedelta(days=2))
    clock.move_to(NOW + timedelta(days=2))
    assert recipients_shown(caller)[0]["state"] == "delivered"
    assert f"First sent to {world.person('head.of.service').name}" in Browser(app, "hos.ppqa").get("/escalations").get_data(as_text=True)


def test_a_deputy_of_a_vacant_post_sees_the_board(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    council: Council = app.extensions["council"]
    with write_transaction(council.engine) as connection:
        deputy = {"person_id": world.person("qaro").id, "role": "head_of_service", "scope": "assessment", "is_deputy": True}
        connection.execute(insert(duties).values(deputy))
        bump_version(connection)
    assert Browser(app, "qaro").get("/escalations").status_code == 403
    leaves(council, "head.of.service")
    later = an_audit(world, at="shared", grade="inadequate")
    page = Browser(app, "qaro").get("/escalations").get_data(as_text=True)
    assert reference in page
    assert later in page
    assert f"<strong>{world.person('qaro').name}</strong> (standing in)" in page


def test_each_person_sees_only_escalations_they_may_know_of(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    seen = {}
    for name in (*RECIPIENTS, "qa", "head.of.service2", "director.parenting"):
        seen[name] = reference in Browser(app, name).get("/escalations").get_data(as_text=True)
    assert seen == {**dict.fromkeys((*RECIPIENTS, "qa"), True), "head.of.service2": False, "director.parenting": False}
    council: Council = app.extensions["council"]
    me = world.person("hos.ppqa").id
    with write_transaction(council.engine) as connection:
        declared = {"person_id": me, "child_id": "c-1001", "declared_by": me, "declared_at": NOW}
        connection.execute(insert(connections).values(declared))
        bump_version(connection)
    page = Browser(app, "hos.ppqa").get("/escalations").get_data(as_text=True)
    assert reference not in page
    assert "There are no open escalations" in page
    assert ">0<" in page.replace(" ", "")


def test_no_case_text_and_no_read_is_on_the_board(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, "KESTREL plan")
    resolved = an_audit(world, at="shared", grade="inadequate")
    resolve(world, resolved)
    page = Browser(app, "hos.ppqa").get("/escalations").get_data(as_text=True)
    text = caller.call("hos.ppqa@demo.example", "GET", "/escalations").get_data(as_text=True)
    for body in (page, text):
        for words in ("KESTREL", "C-1001", "Daily oversight", "The plan is carried out", "Seen on the file"):
            assert words not in body
        assert reference in body
        assert resolved in body
    assert "Response plan recorded" in text_of(page)
    assert "Resolved in the last 14 days (1)" in text_of(page)


def test_every_page_of_the_board_costs_the_same(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    everything = []
    for _ in range(SIZE + 3):
        world.passes(seconds=7)
        everything.append(an_audit(world, at="shared", grade="inadequate"))
    first = caller.call("qa@demo.example", "GET", "/escalations").get_json()
    second = caller.call("qa@demo.example", "GET", f"/escalations?cursor={first['next']}").get_json()
    pages = [[one["reference"] for one in page["escalations"]] for page in (first, second)]
    assert [*pages[0], *pages[1]] == everything[::-1]
    assert len(pages[0]) == SIZE
    assert second["next"] is None
    assert first["counts"]["open"] == SIZE + 3
    assert caller.call("qa@demo.example", "GET", "/escalations?cursor=9-x").status_code == 422


def test_the_board_reads_its_escalations_and_emails_by_index(app: Flask, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    council: Council = app.extensions["council"]
    about = "event IN ('escalation_opened', 'escalation_not_acknowledged', 'escalation_passed_up')"
    queries = {
        "ix_escalations_unresolved": "FROM escalations WHERE state IN ('open', 'acknowledged') ORDER BY opened_at DESC LIMIT 26",
        "ix_outbox_of_escalations": f"FROM outbox WHERE {about} AND (reference = 'a' OR reference = 'b')",
        "ix_escalations_resolved_at": "FROM escalations WHERE resolved_at > '2026' ORDER BY resolved_at DESC LIMIT 25",
    }
    with read_transaction(council.engine) as connection:
        for index, query in queries.items():
            plan = " ".join(row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN SELECT 1 {query}"))
            assert index in plan, plan
            assert "TEMP B-TREE" not in plan
