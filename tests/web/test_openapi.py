"""The document that programs read: every call of the contract is in it, and answers are as it says."""

import re
from typing import Any

import pytest

from tests.factories import House, an_audit
from tests.web.caller import Caller

CONTRACT = {
    ("get", "/forms/current"), ("post", "/audits"), ("get", "/audits"), ("post", "/audits/search"), ("get", "/audits/{reference}"),
    ("put", "/audits/{reference}/sections/{section}"), ("get", "/audits/{reference}/moves"), ("post", "/audits/{reference}/moves"),
    ("get", "/audits/{reference}/history"), ("post", "/audits/{reference}/actions"), ("patch", "/actions/{action_id}"),
    ("post", "/actions/{action_id}/moves"), ("put", "/audits/{reference}/moderator"), ("post", "/audits/{reference}/escalation/moves"),
    ("get", "/notices"),
}  # fmt: skip


@pytest.fixture
def document(caller: Caller) -> Any:
    response = caller.client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    return response.json


def test_every_call_of_the_contract_is_described(document: Any) -> None:
    described = {(method, path.removeprefix("/api/v1")) for path, methods in document["paths"].items() for method in methods}
    assert document["openapi"].startswith("3.1")
    assert described >= CONTRACT


def test_every_route_is_described(caller: Caller, document: Any) -> None:
    rules = caller.client.application.url_map.iter_rules()
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in rules if rule.rule.startswith("/api/v1/")}
    assert routes - {"/api/v1/openapi.json", "/api/v1/health"} == set(document["paths"])


def test_an_audit_has_the_fields_it_is_said_to_have(caller: Caller, house: House, document: Any) -> None:
    reference = an_audit(house, at="actions_closed", grade="inadequate")
    said = document["components"]["schemas"]
    for who in ("auditor", "qa", "practitioner", "governance", "admin"):
        audit = caller.ok(f"{who}@demo.example", "GET", f"/audits/{reference}")
        assert audit.keys() <= said["Audit"]["properties"].keys()
        assert {
            "reference",
            "state",
            "version",
            "auditor",
            "moderator",
            "shared_at",
            "sections",
            "actions",
            "escalation",
            "may",
        } <= audit.keys()
        for action in audit["actions"]:
            assert (
                {"id", "section", "text", "owner", "due_on", "state", "completed_on"}
                <= action.keys()
                <= said["Action"]["properties"].keys()
            )
    row = caller.ok("qa@demo.example", "GET", f"/audits/{reference}/history")["rows"][0]
    assert {"number", "move", "from", "to", "by", "at", "hash"} <= row.keys()


@pytest.mark.parametrize("who", ["admin", "governance"])
def test_who_holds_no_content_role_is_told_nothing_of_the_content(caller: Caller, house: House, who: str) -> None:
    reference = an_audit(house, at="actions_closed", grade="inadequate")
    audit = caller.ok(f"{who}@demo.example", "GET", f"/audits/{reference}")
    assert (audit["sections"], audit["actions"], audit["overall_grade"]) == ({}, [], None)
    assert audit["escalation"]["state"] is None
    listed = caller.ok(f"{who}@demo.example", "GET", "/audits")["audits"][0]
    assert (listed["escalation"], listed["team"]) == (None, None)
    assert (listed["state"] is None) == (who == "governance")


def test_the_form_is_told_whole(caller: Caller) -> None:
    form = caller.ok("auditor@demo.example", "GET", "/forms/current")
    assert len(form["sections"]) == 20
    area = next(section for section in form["sections"] if section["key"] == "area_1")
    assert [field["key"] for field in area["fields"]] == ["grade", "evidence", "impact", "not_applicable_reason"]
    assert {"outstanding", "good", "requires_improvement", "inadequate"} <= {choice["value"] for choice in area["fields"][0]["choices"]}
    assert area["prompts"]


def test_notices_are_ones_own(caller: Caller, house: House) -> None:
    reference = an_audit(house, at="shared", grade="inadequate")
    for who, events in (
        ("head.of.service", {"escalation_opened"}), ("qaro", {"audit_shared"}), ("practitioner", {"audit_shared", "action_assigned"}),
        ("auditor2", set()), ("moderator", set()),
    ):  # fmt: skip
        notices = caller.ok(f"{who}@demo.example", "GET", "/notices")["notices"]
        assert {notice["event"] for notice in notices} == events, who
        assert {notice["reference"] for notice in notices} <= {reference}


def test_health_needs_no_token_and_tells_no_details(caller: Caller) -> None:
    for path in ("/health", "/api/v1/health"):
        response = caller.client.get(path)
        assert response.status_code == 503, "no worker has ticked yet"
        assert '"database":true' in response.get_data(as_text=True)
    caller.mails()
    assert caller.client.get("/health").status_code == 200
