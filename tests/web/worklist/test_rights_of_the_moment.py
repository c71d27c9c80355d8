"""My work and the notices list what somebody may know of at this moment, not what they once were told."""

from flask import Flask
from time_machine import Traveller

from tests.factories import World, an_audit, assign
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.roles import now_holds
from web.council import Council


def test_a_role_that_is_gone_takes_its_tasks_and_notices_with_it(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    council: Council = app.extensions["council"]
    graded, shared = an_audit(world, at="graded"), an_audit(world, at="shared", grade="inadequate")
    assign(world, shared)
    told = {"auditor": graded, "team.manager": shared, "moderator": shared, "qa": shared}
    for name, reference in told.items():
        browser = Browser(app, name)
        assert reference in browser.get("/").text + browser.get("/notices").text, name
        now_holds(council, name, "service_manager")
        for path in ("/", "/notices"):
            assert reference not in browser.get(path).text, (name, path)
        assert caller.ok(f"{name}@demo.example", "GET", "/notices")["notices"] == [], name


def test_the_one_named_in_an_escalation_keeps_sight_but_no_task(app: Flask, world: World, clock: Traveller) -> None:
    shared = an_audit(world, at="shared", grade="inadequate")
    browser = Browser(app, "head.of.service")
    assert shared in browser.get("/").text
    now_holds(app.extensions["council"], "head.of.service", "service_manager")
    assert shared not in browser.get("/").text
    assert shared in browser.get("/notices").text


def test_another_relation_keeps_the_notices_but_not_the_tasks_of_the_role(app: Flask, world: World, clock: Traveller) -> None:
    council: Council = app.extensions["council"]
    graded, shared = an_audit(world, at="graded"), an_audit(world, at="shared")
    assign(world, shared)
    for name, reference, task in (("auditor", graded, "Agree the actions"), ("moderator", shared, "Moderate the audit")):
        browser = Browser(app, name)
        assert task in browser.get("/").text
        now_holds(council, name, "qa")
        assert reference in browser.get("/audits").text
        assert task not in browser.get("/").text


def test_news_of_an_account_and_of_ones_own_request_stays(app: Flask, world: World, caller: ApiClient, clock: Traveller) -> None:
    council: Council = app.extensions["council"]
    requester, answerer = Browser(app, "auditor2"), Browser(app, "hos.ppqa")
    requester.post("/emergencies", reference="zzzz-zzzz", reason="A child may be in danger.")
    assert "Somebody has asked to read an audit in an emergency" in answerer.get("/notices").text
    now_holds(council, "hos.ppqa", "auditor")
    assert "Somebody has asked" not in answerer.get("/notices").text
    now_holds(council, "hos.ppqa", "hos_ppqa")
    assert answerer.post("/emergencies/1/refuse").status_code == 303
    now_holds(council, "auditor2", "qaro")
    assert "has been answered" in requester.get("/notices").text


def test_the_report_of_an_action_waits_for_the_next_in_line(app: Flask, world: World, clock: Traveller) -> None:
    council: Council = app.extensions["council"]
    reference = an_audit(world, at="moderated")
    browsers = {name: Browser(app, name) for name in ("team.manager", "service.manager", "qa")}
    for gone, waits_for in ((None, "team.manager"), ("team.manager", "service.manager"), ("service.manager", "qa")):
        if gone:
            now_holds(council, gone, "auditor")
        tracks = [name for name, browser in browsers.items() if "Track action 1" in browser.get("/").text]
        assert tracks == [waits_for]
        assert browsers[waits_for].get(f"/audits/{reference}/actions/1").status_code == 200
