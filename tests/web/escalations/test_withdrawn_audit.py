"""A withdrawn audit goes nowhere any more: nothing of it is offered to anybody, on a page or over JSON. An open escalation of it goes on."""

import pytest
from flask import Flask
from time_machine import Traveller

from tests.factories import AN_ACTION, World, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from workflow.commands import audit_moves

RAISERS = ("service.manager", "qaro", "qa", "head.of.service", "hos.ppqa")


def a_withdrawn_audit(world: World, at: str = "moderated", grade: str = "good") -> str:
    reference = an_audit(world, at=at, grade=grade)
    for name in ("qa", "hos.ppqa"):
        audit_moves.withdraw(world.command_context(), world.person(name), reference, "Wrong child.")
    return reference


@pytest.mark.parametrize("name", RAISERS)
def test_an_escalation_of_it_is_not_offered_and_can_not_be_raised(
    app: Flask, world: World, caller: ApiClient, clock: Traveller, name: str
) -> None:
    reference, browser, email = a_withdrawn_audit(world), Browser(app, name), f"{name}@demo.example"
    assert "raise_escalation" not in caller.ok(email, "GET", f"/audits/{reference}")["may"]
    for path in ("", "/escalation"):
        assert "Raise an escalation" not in browser.get(f"/audits/{reference}{path}").text
    raised = browser.post(f"/audits/{reference}/escalation/moves/raise", reason="I am worried.")
    assert raised.status_code == 422
    assert "The audit has been withdrawn" in raised.text
    refused = caller.call(email, "POST", f"/audits/{reference}/escalation/moves", {"move": "raise", "reason": "I am worried."})
    assert refused.status_code == 422
    assert world.audit(reference).escalation is None


def test_no_move_of_it_or_of_its_actions_is_offered_or_made(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    reference = a_withdrawn_audit(world)
    new = {"text": AN_ACTION.text, "owner": AN_ACTION.owner, "due_on": AN_ACTION.due_on}
    before = world.audit(reference)
    for name in (*RAISERS, "auditor", "moderator", "practitioner", "team.manager", "admin"):
        email = f"{name}@demo.example"
        seen = caller.call(email, "GET", f"/audits/{reference}").json
        assert set(seen.get("may", ())) <= {"read_readings", "record_safeguarding"}, name
        assert not [action for action in seen.get("actions", ()) if action["may"]], name
        for move in ("return_for_correction", "reopen", "moderate", "close_actions"):
            assert caller.call(email, "POST", f"/audits/{reference}/moves", {"move": move, "reason": "Because."}).status_code in {
                403,
                404,
                409,
            }
        for move in ("report", "verify", "return", "cancel", "ask_for_more_time"):
            asked = {"move": move, "reason": "Because.", "due_on": "2027-01-15"}
            assert caller.call(email, "POST", f"/actions/{reference}-1/moves", asked).status_code in {403, 404, 409}
        assert caller.call(email, "POST", f"/audits/{reference}/actions", new).status_code in {403, 404}
    assert world.audit(reference) == before


def test_an_escalation_that_was_open_still_waits_for_its_recipients(app: Flask, world: World, clock: Traveller) -> None:
    reference = a_withdrawn_audit(world, at="shared", grade="inadequate")
    browser = Browser(app, "head.of.service")
    assert f"/audits/{reference}/escalation" in browser.get("/").text
    assert browser.post(f"/audits/{reference}/escalation/moves/acknowledge").status_code == 303
    assert "Acknowledge the escalation" not in browser.get("/").text
