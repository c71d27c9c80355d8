"""The abuse cases of docs/threat-model.md about the record, what is typed, the clock and the worker."""

import io
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from notifications.scheduling.worker import run_once, sweep
from tests.factories import AN_ACTION, NOW, World, an_audit, save
from tests.web.access_matrix.runner import table_digests
from tests.web.access_matrix.scenarios import OF_THE_ACTION
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.roles import leaves
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.commands import action_moves, actions
from workflow.commands.actions import NewAction
from workflow.errors import BadInput
from workflow.storage.engine import read_transaction
from workflow.storage.tables import notices, outbox

MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{77777*99999}}", "{% raw %}", "\"'><svg/onload=alert(1)>", "&lt;b&gt;", "</textarea><b>",
    "javascript:alert(1)", "=HYPERLINK(\"http://evil.example\")", "+cmd|' /C calc'!A0", "@SUM(1)", "-1+1", "\u202egrade \u2066safe",
)  # fmt: skip


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


def test_ac15_a_tail_that_was_cut_off_is_missed(app: Flask, world: World, council: Council) -> None:
    """Who also rewrites the audit’s own count and head is found only by checkpoints kept elsewhere."""
    reference = an_audit(world, "moderated")
    council.engine.dispose()
    with sqlite3.connect(council.settings.database_url.removeprefix("sqlite:///")) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("DELETE FROM history WHERE number = (SELECT max(number) FROM history)")
    connection.close()
    assert reference in find_first_break(council, [reference])


def test_ac17_markup_formulas_and_bidi_text_stay_text(app: Flask, caller: ApiClient, world: World, council: Council) -> None:
    reference, browser = an_audit(world, "practitioner_consulted"), Browser(app, "auditor")
    for words in MARKUP:
        save(world, "auditor", reference, "summary", {"case_summary": words, "ehcp": False})
        for page in (f"/audits/{reference}/read", f"/audits/{reference}/sections/summary", f"/audits/{reference}"):
            body = browser.get(page).get_data(as_text=True)
            assert "<script>alert" not in body
            assert "<img src=x" not in body
            assert "<svg" not in body.replace("<svg xmlns", "").replace('<svg focusable="false"', "").replace('<svg class="govuk', ""), page
            assert str(77777 * 99999) not in body
        shown = caller.ok("auditor@demo.example", "GET", f"/audits/{reference}")["sections"]["summary"]["case_summary"]
        assert shown == words


@pytest.mark.parametrize("words", ["C-1\r\nBcc: all@evil.example", "C-1\nX: y", "\u202e1-C", "C\u20661", "C\x001", "C\u20281"])
def test_ac17_no_line_break_or_bidi_control_gets_into_a_line(world: World, words: str) -> None:
    reference = an_audit(world, "draft")
    kept = world.audit(reference)
    with pytest.raises(BadInput):
        save(world, "auditor", reference, "details", {"child_id": words})
    assert world.audit(reference) == kept


def test_ac17_an_email_has_no_header_and_no_text_that_somebody_typed(caller: ApiClient, world: World, council: Council) -> None:
    typed = "Subject: x\nBcc: all@evil.example <b>=1+1"
    reference = an_audit(world, "draft")
    actions.add_action(
        world.command_context(), world.person("auditor"), reference, NewAction(typed, "practitioner@demo.example", "2026-12-20")
    )
    an_audit(world, "shared", grade="inadequate")
    emails = caller.emails()
    assert len(emails) > 5
    for email in emails:
        assert email["Bcc"] is None
        assert len(email.get_all("Subject", [])) == len(email.get_all("To", [])) == 1
        assert not any(words in email.as_string() for words in ("evil.example", AN_ACTION.text, "Alex", "C-1001", OF_THE_ACTION))  # type: ignore[operator]


def test_ac18_no_interface_accepts_a_file(app: Flask, world: World, council: Council) -> None:
    reference, browser = an_audit(world, "graded"), Browser(app, "auditor")
    before = table_digests(council.engine)
    for path in (f"/audits/{reference}/sections/summary", f"/audits/{reference}/actions/new", "/audits/search"):
        hostile = (io.BytesIO(b"PK\x03\x04" + b"\x00" * 1000), "../../etc/passwd.docx")
        answer = browser.client.post(
            path, data={"csrf_token": browser.token, "case_summary": hostile, "text": hostile}, content_type="multipart/form-data"
        )
        assert answer.status_code in {200, 409, 422}, path
    assert table_digests(council.engine) == before
    used = [path for path in (Path(app.root_path)).rglob("*.py") if "request.files" in path.read_text(encoding="utf-8")]
    assert used == []


def _told(council: Council) -> list[tuple[str, int]]:
    with read_transaction(council.engine) as connection:
        rows = [
            *connection.execute(select(notices.c.key, notices.c.recipient)),
            *connection.execute(select(outbox.c.key, outbox.c.recipient)),
        ]
    return sorted((row.key, row.recipient) for row in rows)


def test_ac19_a_second_scheduler_notifies_nobody_twice(world: World, council: Council, caller: ApiClient) -> None:
    an_audit(world, "moderated", grade="inadequate")
    at = NOW + timedelta(days=40)
    sweep(council.worker_context, at)
    once = _told(council)
    for _ in range(3):
        sweep(council.worker_context, at)
    assert _told(council) == once
    assert len(caller.emails()) > 0
    assert caller.emails() == []


def test_ac20_a_clock_set_back_notifies_nobody_twice(world: World, council: Council) -> None:
    an_audit(world, "moderated", grade="inadequate")
    days = [NOW + timedelta(days=days) for days in (37, 38, 39, 40)]
    for at in days:
        run_once(council.worker_context, at)
    told, sent = _told(council), set((council.settings.data / "mail").glob("*.eml"))
    for at in (days[3] - timedelta(hours=1), days[2], days[0], days[3], days[1]):
        run_once(council.worker_context, at)
    assert _told(council) == told
    assert set((council.settings.data / "mail").glob("*.eml")) == sent


def test_ac20_a_clock_set_back_leaves_the_history_intact(app: Flask, world: World, council: Council) -> None:
    """What is sealed and numbered goes by order, not by the clock."""
    reference = an_audit(world, "shared")
    world.passes(days=-400)
    actions_before = len(world.store.history(world.audit(reference)))
    action_moves.cancel(world.command_context(), world.person("qa"), reference, 1, "Not needed.")
    rows = world.store.history(world.audit(reference))
    assert [row.number for row in rows] == list(range(1, actions_before + 2))
    assert find_first_break(council, [reference]) == ""


def test_ac21_a_leaver_keeps_no_access_and_their_action_is_still_completed(caller: ApiClient, world: World, council: Council) -> None:
    reference = an_audit(world, "moderated")
    assert caller.call("practitioner@demo.example", "GET", f"/actions/{reference}-1").status_code == 200
    leaves(council, "practitioner")
    assert caller.call("practitioner@demo.example", "GET", f"/actions/{reference}-1").status_code == 401
    sweep(council.worker_context, datetime(2027, 1, 20, 9, tzinfo=UTC))
    manager = world.person("team.manager").id
    assert any(recipient == manager and "overdue" in key for key, recipient in _told(council)), "the Team Manager hears that it is late"
    shown = caller.ok("team.manager@demo.example", "GET", f"/actions/{reference}-1")
    assert shown["owner"] == "practitioner@demo.example", "the name stays on the record"
    assert "report" in shown["may"]
