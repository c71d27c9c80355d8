"""The abuse cases of docs/threat-model.md about rights: each tried as an attacker would, through the real application."""

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import World, an_audit, answers, assign
from tests.web.access_matrix.runner import table_digests
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.roles import leaves, now_holds, passes_on
from web.council import Council
from workflow.roles import ROLES

HELD = {
    "auditor": "auditor", "practitioner": "practitioner", "team.manager": "team_manager", "service.manager": "service_manager", "qaro": "qaro",
    "moderator": "moderator", "qa": "qa", "head.of.service": "head_of_service", "director.safeguarding": "director", "hos.ppqa": "hos_ppqa",
    "admin": "admin", "governance": "governance",
}  # fmt: skip
WRITTEN = (
    "details",
    "consultation",
    "summary",
    *(f"area_{number}" for number in range(1, 13)),
    "actions",
    "service_comments",
    "declaration",
)


@pytest.fixture
def council(app: Flask) -> Council:
    council: Council = app.extensions["council"]
    return council


def _json(caller: ApiClient, who: str, method: str, path: str, body: Any = None) -> int:
    status: int = caller.call(f"{who}@demo.example", method, path, body, If_Match='"1"').status_code
    return status


def _record(council: Council) -> dict[str, str]:
    """All but the tokens, which the test’s own callers are given as they first call."""
    return {table: digest for table, digest in table_digests(council.engine).items() if table != "tokens"}


def test_ac04_a_moderator_changes_no_word_of_the_auditor(caller: ApiClient, world: World, council: Council) -> None:
    reference = an_audit(world, "shared")
    assign(world, reference)
    browser, version = Browser(caller.client.application, "moderator"), world.audit(reference).version
    before = _record(council)
    for section in WRITTEN:
        for seen in (0, version, version + 1):
            saved = caller.call("moderator@demo.example", "PUT", f"/audits/{reference}/sections/{section}", {}, If_Match=f'"{seen}"')
            assert saved.status_code == 403, section
            assert browser.post(f"/audits/{reference}/sections/{section}", seen=str(seen)).status_code in {403, 404}, section
    assert _record(council) == before


def test_ac05_a_head_of_service_knows_nothing_of_another_service(caller: ApiClient, world: World, council: Council) -> None:
    references = [an_audit(world, state, grade="inadequate") for state in ("shared", "moderated", "actions_closed")]
    for reference in references:
        for path in ("", "/history", "/moves"):
            assert _json(caller, "head.of.service2", "GET", f"/audits/{reference}{path}") == 404
            assert _json(caller, "director.parenting", "GET", f"/audits/{reference}{path}") == 404
    assert caller.ok("head.of.service2@demo.example", "GET", "/audits")["audits"] == []
    assert caller.ok("head.of.service2@demo.example", "GET", "/notices")["notices"] == []


@pytest.mark.parametrize("name", HELD)
def test_ac06_a_removed_role_is_gone_at_the_next_request(app: Flask, caller: ApiClient, world: World, council: Council, name: str) -> None:
    reference = an_audit(world, "moderated", grade="inadequate")
    browser, path = Browser(app, name), f"/audits/{reference}"
    assert (browser.get(path).status_code, _json(caller, name, "GET", path)) == (200, 200)
    # Of the others each is tried where it gives nothing to somebody without a tie.
    now_holds(council, name, "auditor" if name != "auditor" else "practitioner")
    is_recipient = name in {"head.of.service", "director.safeguarding", "hos.ppqa"}
    gone = 200 if name == "practitioner" or is_recipient else 404
    assert (browser.get(path).status_code, _json(caller, name, "GET", path)) == (gone, gone), "an owner keeps their action, and no more"
    assert browser.get(f"{path}/read").status_code in ({200} if is_recipient else {403, 404}), (
        "the person named keeps sight of the escalation"
    )
    leaves(council, name)
    assert browser.get(path).status_code == 302
    assert _json(caller, name, "GET", path) == 401


def test_ac06_a_delegation_ends_automatically(caller: ApiClient, world: World, council: Council) -> None:
    reference = an_audit(world, "shared")
    assert _json(caller, "practitioner2", "GET", f"/audits/{reference}") == 404
    passes_on(council, "qa", "practitioner2", "qa")
    assert _json(caller, "practitioner2", "GET", f"/audits/{reference}") == 200
    now_holds(council, "qa", "practitioner")
    assert _json(caller, "practitioner2", "GET", f"/audits/{reference}") == 404, "nobody passes on what they do not hold"


@pytest.mark.parametrize("role", [role for role in ROLES if role not in {"admin", "governance"}])
def test_ac07_an_administrator_comes_to_no_content_by_any_role(caller: ApiClient, world: World, council: Council, role: str) -> None:
    """Regardless of the other rows in the directory."""
    scope = {"head_of_service": ":assessment", "director": ":safeguarding"}.get(role, "")
    reference = an_audit(world, "moderated", grade="inadequate")
    now_holds(council, "admin", "admin", f"{role}{scope}")
    shown = caller.ok("admin@demo.example", "GET", f"/audits/{reference}")
    assert (shown["sections"], shown["actions"], shown["overall_grade"], shown["may"]) == ({}, [], None, [])
    assert _json(caller, "admin", "POST", "/audits", {"details": {}}) == 403


def test_ac09_a_replayed_share_has_one_effect(app: Flask, caller: ApiClient, world: World, council: Council) -> None:
    reference = an_audit(world, "graded", grade="inadequate")
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/moves"
    first = caller.call("auditor@demo.example", "POST", path, {"move": "share"}, Idempotency_Key="once")
    after = _record(council)
    again = caller.call("auditor@demo.example", "POST", path, {"move": "share"}, Idempotency_Key="once")
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert _json(caller, "auditor", "POST", path, {"move": "share"}) == 409
    assert browser.post(f"{path}/share").status_code == 409
    assert _json(caller, "qa", "POST", path, {"move": "share"}) == 403
    assert _record(council) == after


def test_ac09_a_replay_gives_nothing_that_a_right_has_gone_for(caller: ApiClient, world: World, council: Council) -> None:
    reference = an_audit(world, "graded", grade="inadequate")
    path, body = f"/audits/{reference}/moves", {"move": "share"}

    def replayed() -> TestResponse:
        answer: TestResponse = caller.call("auditor@demo.example", "POST", path, body, Idempotency_Key="once")
        return answer

    first = replayed().get_json()
    assert first["sections"]
    now_holds(council, "auditor", "admin")
    again = replayed().get_json()
    assert (again["sections"], again["actions"], again["overall_grade"]) == ({}, [], None)
    now_holds(council, "auditor", "practitioner")
    assert replayed().status_code == 404


@pytest.mark.parametrize("state", ["shared", "moderated", "actions_closed"])
def test_ac10_no_grade_changes_once_shared(app: Flask, caller: ApiClient, world: World, council: Council, state: str) -> None:
    reference = an_audit(world, state, grade="requires_improvement")
    before, better = _record(council), answers("outstanding")
    for name in HELD:
        for area in ("area_1", "area_12"):
            assert _json(caller, name, "PUT", f"/audits/{reference}/sections/{area}", better[area]) in {403, 404}, (name, area)
    browser = Browser(app, "auditor")
    assert browser.post(f"/audits/{reference}/sections/area_12", grade="outstanding", seen="99").status_code == 403
    assert browser.post(f"/audits/{reference}/sections/area_12/autosave", grade="outstanding", seen="99").status_code == 403
    assert caller.ok("auditor@demo.example", "GET", f"/audits/{reference}")["overall_grade"] == "requires_improvement"
    assert _record(council) == before


def test_ac22_no_list_or_search_gives_case_text_and_none_more_than_fifty(caller: ApiClient, world: World) -> None:
    for _ in range(52):
        an_audit(world, "shared")
    for path, body in (("/audits", None), ("/audits/search", {"q": "C-"})):
        page = caller.ok("qa@demo.example", "POST" if body else "GET", path, body)
        assert len(page["audits"]) == 50
        said = json.dumps(page)
        assert not any(words in said for words in ("A family of three.", "Seen on the file.", "Alex", "C-1001"))
