"""The record says who acknowledged an escalation as holder of the post, and who stood in for it."""

from flask import Flask

from tests.factories import World, an_audit
from tests.web.escalations.test_board import recipients_shown
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, text_of
from tests.web.support.roles import leaves, now_holds
from workflow.commands import escalations


def test_the_board_says_as_what_somebody_acknowledged(app: Flask, world: World, caller: ApiClient) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    leaves(app.extensions["council"], "head.of.service")
    escalations.acknowledge(world.command_context(), world.person("director.safeguarding"), reference)
    facts = {one["post"]: (one["person"], one["stands_in"], one["acknowledged_as"]) for one in recipients_shown(caller)}
    director = "director.safeguarding@demo.example"
    assert facts["head_of_service"] == (director, True, "stand_in")
    assert facts["director"] == (director, False, "holder")
    assert facts["hos_ppqa"] == ("hos.ppqa@demo.example", False, None)
    now_holds(app.extensions["council"], "auditor2", "head_of_service:assessment")
    assert {one["post"]: one["acknowledged_as"] for one in recipients_shown(caller)}["head_of_service"] == "stand_in"
    told = caller.call("qa@demo.example", "GET", f"/audits/{reference}").get_json()["escalation"]["recipients"]
    assert [(one["acknowledged_by"], one["acknowledged_as"]) for one in told] == [
        (director, "stand_in"),
        (director, "holder"),
        (None, None),
    ]
    shown = text_of(Browser(app, "hos.ppqa").get(f"/audits/{reference}/escalation").text)
    assert "as stand-in for the post" in shown
