"""More waits for somebody than a page holds: what has waited longest is on it, and it says that there is more."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser, text_of
from tests.workflow.storage.support.bulk_audits import multiply
from web.council import Council
from web.worklist.queries import MOST
from workflow.commands import action_moves, audit_moves
from workflow.storage.engine import write_transaction

MORE = "There may be more tasks than this page shows."


def test_the_oldest_escalation_is_on_the_page_and_that_there_is_more(app: Flask, world: World) -> None:
    council: Council = app.extensions["council"]
    first = an_audit(world, at="shared", grade="inadequate")
    world.passes(days=1)
    an_audit(world, at="shared", grade="inadequate")
    director = Browser(app, "director.safeguarding")
    assert MORE not in text_of(director.get("/").text)
    with write_transaction(council.engine) as connection:
        multiply(connection, MOST)
    page = director.get("/").text
    assert f"/audits/{first}/escalation" in page
    assert MORE in text_of(page)


def test_a_truncated_list_never_claims_to_be_empty(app: Flask, world: World) -> None:
    council: Council = app.extensions["council"]
    an_audit(world, at="shared", grade="inadequate")
    with write_transaction(council.engine) as connection:
        multiply(connection, MOST)
    said = text_of(Browser(app, "governance").get("/").text)
    assert MORE in said
    assert "You have no tasks." not in said


def test_what_somebody_asks_is_on_the_page_whatever_else_waits(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.worklist.queries.MOST", 2)
    for _ in range(5):
        an_audit(world, at="moderated")
    asked, more_time = an_audit(world, at="shared"), an_audit(world, at="moderated")
    audit_moves.withdraw(world.command_context(), world.person("auditor"), asked, "It is about another child.")
    later = world.audit(more_time).actions[0].due_on + timedelta(days=30)
    action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), more_time, 1, later, "She was ill.")
    page = Browser(app, "hos.ppqa").get("/").text
    assert f"/audits/{asked}/moves/withdraw" in page
    assert f"/audits/{more_time}/actions/1" in Browser(app, "qa").get("/").text
