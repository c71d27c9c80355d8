"""The document that programs read: every call of the contract is in it, and answers are as it says."""

import re
from typing import Any

import pytest

from tests.factories import World, an_audit
from tests.web.support.api_client import ApiClient

CONTRACT = {
    ("get", "/forms/current"), ("post", "/audits"), ("get", "/audits"), ("post", "/audits/search"), ("get", "/audits/{reference}"),
    ("put", "/audits/{reference}/sections/{section}"), ("get", "/audits/{reference}/moves"), ("post", "/audits/{reference}/moves"),
    ("get", "/audits/{reference}/history"), ("post", "/audits/{reference}/actions"), ("patch", "/actions/{action_id}"),
    ("post", "/actions/{action_id}/moves"), ("put", "/audits/{reference}/moderator"),
    ("put", "/audits/{reference}/people/{role}"), ("put", "/actions/{action_id}/owner"), ("post", "/audits/{reference}/escalation/moves"),
    ("get", "/notices"),
}  # fmt: skip


@pytest.fixture
def document(caller: ApiClient) -> Any:
    response = caller.client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    return response.json


def test_every_call_of_the_contract_is_described(document: Any) -> None:
    described = {(method, path.removeprefix("/api/v1")) for path, methods in document["paths"].items() for method in methods}
    assert document["openapi"].startswith("3.1")
    assert described >= CONTRACT


def test_every_route_is_described(caller: ApiClient, document: Any) -> None:
    rules = [rule for rule in caller.client.application.url_map.iter_rules() if rule.rule.startswith("/api/")]
    routes = {(method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)) for rule in rules for method in rule.methods or ()}
    described = {(method, path) for path, methods in document["paths"].items() for method in methods if method != "parameters"}
    assert {(method, path) for method, path in routes if method not in {"head", "options"}} == described


REFUSED = {
    "get /audits": {400, 401, 413, 415, 422, 503},
    "post /audits": {400, 401, 403, 409, 413, 415, 422, 503},
    "post /audits/search": {400, 401, 403, 413, 415, 422, 503},
    "get /audits/{reference}": {400, 401, 404, 413, 415, 503},
    "get /audits/{reference}/history": {400, 401, 403, 404, 413, 415, 503},
    "put /audits/{reference}/sections/{section}": {400, 401, 403, 404, 409, 413, 415, 422, 428, 503},
    "post /audits/{reference}/moves": {400, 401, 403, 404, 409, 413, 415, 422, 503},
    "get /audits/{reference}/readings": {400, 401, 403, 404, 413, 415, 422, 503},
    "delete /actions/{action_id}": {400, 401, 403, 404, 409, 413, 415, 422, 503},
    "get /forms/current": {400, 401, 413, 415, 503},
    "get /openapi.json": {400},
    "get /health": {503},
}


@pytest.mark.parametrize("call", REFUSED)
def test_each_call_documents_its_refusals(document: Any, call: str) -> None:
    method, path = call.split()
    said = document["paths"][f"/api/v1{path}"][method]["responses"]
    assert {int(status) for status in said if int(status) >= 400} == REFUSED[call]
    assert (
        all(one == {"$ref": f"#/components/responses/Refused{status}"} for status, one in said.items() if status >= "4")
        or path == "/health"
    )


def test_every_refusal_is_a_problem_document(document: Any) -> None:
    for answer in document["components"]["responses"].values():
        assert answer["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_headers_are_documented_where_they_are_used(document: Any) -> None:
    looked_at = {
        f"{method} {path.removeprefix('/api/v1')}": {one["name"]: one.get("required", False) for one in call["parameters"] if one["in"] == "header"}
        for path, calls in document["paths"].items() for method, call in calls.items() if "parameters" in call
    }  # fmt: skip
    once = {"Idempotency-Key": False}
    assert {call: headers for call, headers in looked_at.items() if headers} == {
        "post /audits": once, "put /audits/{reference}/sections/{section}": {"If-Match": True, **once}, "post /audits/{reference}/moves": once,
        "put /audits/{reference}/moderator": once, "put /audits/{reference}/auditor": once,
        "put /audits/{reference}/people/{role}": once, "put /actions/{action_id}/owner": once,
        "post /audits/{reference}/safeguarding": once, "post /audits/{reference}/actions": once, "patch /actions/{action_id}": once,
        "delete /actions/{action_id}": once, "post /actions/{action_id}/moves": once, "post /audits/{reference}/escalation/moves": once,
    }  # fmt: skip


def test_an_audit_has_the_documented_fields(caller: ApiClient, world: World, document: Any) -> None:
    reference = an_audit(world, at="actions_closed", grade="inadequate")
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
def test_people_without_a_content_role_see_no_content(caller: ApiClient, world: World, who: str) -> None:
    reference = an_audit(world, at="actions_closed", grade="inadequate")
    audit = caller.ok(f"{who}@demo.example", "GET", f"/audits/{reference}")
    assert (audit["sections"], audit["actions"], audit["overall_grade"]) == ({}, [], None)
    assert audit["escalation"]["state"] is None
    listed = caller.ok(f"{who}@demo.example", "GET", "/audits")["audits"][0]
    assert (listed["escalation"], listed["team"]) == (None, None)
    assert (listed["state"] is None) == (who == "governance")


def test_the_whole_form_is_returned(caller: ApiClient) -> None:
    form = caller.ok("auditor@demo.example", "GET", "/forms/current")
    assert len(form["sections"]) == 20
    area = next(section for section in form["sections"] if section["key"] == "area_1")
    assert [field["key"] for field in area["fields"]] == ["grade", "evidence", "impact", "not_applicable_reason"]
    assert {"outstanding", "good", "requires_improvement", "inadequate"} <= {choice["value"] for choice in area["fields"][0]["choices"]}
    assert area["prompts"]


def test_people_see_their_own_notices_alone(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    for who, events in (
        ("head.of.service", {"escalation_opened"}), ("qaro", {"audit_shared"}), ("practitioner", {"audit_shared", "action_assigned"}),
        ("auditor2", set()), ("moderator", set()),
    ):  # fmt: skip
        notices = caller.ok(f"{who}@demo.example", "GET", "/notices")["notices"]
        assert {notice["event"] for notice in notices} == events, who
        assert {notice["reference"] for notice in notices} <= {reference}


def test_health_needs_no_token_and_shows_no_details(caller: ApiClient) -> None:
    for path in ("/health", "/api/v1/health"):
        response = caller.client.get(path)
        assert response.status_code == 503, "no worker has ticked yet"
        assert '"database":true' in response.get_data(as_text=True)
    caller.emails()
    assert caller.client.get("/health").status_code == 200
