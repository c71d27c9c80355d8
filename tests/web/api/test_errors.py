"""Bad input over JSON: one status, one sentence, and nothing changed."""

from typing import Any

import pytest

from tests.factories import AN_ACTION, DETAILS, World, an_audit, answers
from tests.web.support.api_client import ApiClient
from web.cli.verify_history import find_first_break

AUDITOR, QA, PPQA = "auditor@demo.example", "qa@demo.example", "hos.ppqa@demo.example"
STRANGERS = ("practitioner", "team.manager", "service.manager", "qaro", "head.of.service", "director.safeguarding", "auditor2", "moderator")

ITS_OWN = {"Date", "X-Request-ID"}


def refused(caller: ApiClient, status: int, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """The problem, which is one sentence with a name, in the shape of RFC 9457."""
    response = caller.call(who, method, path, body, **headers)
    assert response.status_code == status, (path, response.get_data(as_text=True))
    assert response.content_type == "application/problem+json"
    problem = response.json
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "?"))
    return problem


def test_the_answer_gives_every_reason_at_once(caller: ApiClient, world: World) -> None:
    reference = house_started(caller)
    problem = refused(caller, 422, AUDITOR, "POST", f"/audits/{reference}/moves", {"move": "record_consultation"})
    fields = {(one["section"], one["field"]) for one in problem["missing"]}
    assert {
        ("details", "audit_date"),
        ("details", "child_id"),
        ("details", "team"),
        ("details", "strand"),
        ("consultation", "spoke_to"),
    } <= fields
    assert all(one["message"].endswith(".") for one in problem["missing"])
    assert world.audit(reference).version == 1


def house_started(caller: ApiClient, details: Any = None) -> str:
    reference: str = caller.ok(AUDITOR, "POST", "/audits", {"details": details or {}})["reference"]
    return reference


def test_a_move_the_state_does_not_allow_is_a_conflict(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="draft")
    for move in ("share", "grade", "revise"):
        refused(caller, 409, AUDITOR, "POST", f"/audits/{reference}/moves", {"move": move})


def test_a_move_of_somebody_else_is_refused_and_changes_nothing(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="graded")
    before = world.audit(reference)
    refused(caller, 403, QA, "POST", f"/audits/{reference}/moves", {"move": "share"})
    refused(caller, 403, QA, "PUT", f"/audits/{reference}/sections/summary", {}, If_Match=f'"{before.version}"')
    assert world.audit(reference) == before


@pytest.mark.parametrize("who", STRANGERS)
def test_an_invisible_audit_answers_as_one_that_does_not_exist(caller: ApiClient, world: World, who: str) -> None:
    reference = an_audit(world, at="graded", grade="inadequate")
    actor = f"{who}@demo.example"
    for method, path, body in every_door(reference):
        here = caller.call(actor, method, path, body, If_Match='"1"')
        nowhere = caller.call(actor, method, path.replace(reference, "zzzz-zzzz"), body, If_Match='"1"')
        assert here.status_code == 404, path
        assert (here.status_code, here.data) == (nowhere.status_code, nowhere.data)
        assert [h for h in here.headers if h[0] not in ITS_OWN] == [h for h in nowhere.headers if h[0] not in ITS_OWN]


def every_door(reference: str) -> list[tuple[str, str, Any]]:
    action = {"text": "x", "owner": QA, "due_on": "2026-12-01"}
    return [
        ("GET", f"/audits/{reference}", None), ("GET", f"/audits/{reference}/moves", None), ("GET", f"/audits/{reference}/history", None),
        ("PUT", f"/audits/{reference}/sections/summary", {}), ("POST", f"/audits/{reference}/moves", {"move": "share"}),
        ("POST", f"/audits/{reference}/moves", {"move": "moderate"}), ("POST", f"/audits/{reference}/actions", action),
        ("PUT", f"/audits/{reference}/moderator", {"person": "moderator@demo.example"}), ("PUT", f"/audits/{reference}/auditor", {"person": AUDITOR}),
        ("POST", f"/audits/{reference}/escalation/moves", {"move": "acknowledge"}), ("GET", f"/actions/{reference}-1", None),
        ("PATCH", f"/actions/{reference}-1", {"progress": "x"}), ("DELETE", f"/actions/{reference}-1", None),
        ("POST", f"/actions/{reference}-1/moves", {"move": "report"}),
        ("PUT", f"/audits/{reference}/people/team_manager", {"person": QA, "reason": "x"}),
        ("PUT", f"/actions/{reference}-1/owner", {"person": QA, "reason": "x"}),
    ]  # fmt: skip


def test_nobody_is_served_without_a_token(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="draft")
    for headers in ({}, {"Authorization": "Bearer pa_wrong"}, {"Authorization": "Basic eDp4"}, {"Authorization": "Bearer "}):
        for method, path, body in every_door(reference):
            response = caller.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
            assert response.status_code == 401, path
            assert response.headers["WWW-Authenticate"] == "Bearer"


def test_saving_needs_the_version_seen(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="draft")
    for seen in ("", "1", '"one"', "*", '"99999999999999999999"'):
        refused(caller, 428, AUDITOR, "PUT", f"/audits/{reference}/sections/summary", {"case_summary": "x"}, If_Match=seen)


def test_an_empty_save_erases_nothing(caller: ApiClient) -> None:
    reference = house_started(caller)
    version = caller.ok(AUDITOR, "PUT", f"/audits/{reference}/sections/summary", {"case_summary": "Kept."}, If_Match='"1"')["version"]
    refused(caller, 400, AUDITOR, "PUT", f"/audits/{reference}/sections/summary", If_Match=f'"{version}"')
    assert caller.ok(AUDITOR, "GET", f"/audits/{reference}")["sections"]["summary"]["case_summary"] == "Kept."


def test_a_stale_save_answers_with_both_texts_and_loses_neither(caller: ApiClient, world: World) -> None:
    reference = house_started(caller)
    path = f"/audits/{reference}/sections/summary"
    first = caller.ok(AUDITOR, "PUT", path, {"case_summary": "Theirs."}, If_Match='"1"')
    problem = refused(caller, 409, AUDITOR, "PUT", path, {"case_summary": "Mine."}, If_Match='"1"')
    assert problem["yours"]["case_summary"] == "Mine."
    assert problem["theirs"]["case_summary"] == "Theirs."
    assert problem["version"] == first["version"]
    assert caller.ok(AUDITOR, "GET", f"/audits/{reference}")["sections"]["summary"]["case_summary"] == "Theirs."
    assert caller.ok(AUDITOR, "PUT", path, {"case_summary": "Both."}, If_Match=f'"{problem["version"]}"')["version"] > first["version"]


BAD_DETAILS = {
    "unknown": "x", "audit_date": "2026-02-30", "child_id": "C\x00", "team": "nowhere", "practitioner": "nobody@demo.example",
    "qaro_none_reason": "\ud800", "audited_previously": "yes", "previous_audit_on": "2026-W48-1", "age_band": "7", "strand": ["x"],
}  # fmt: skip


@pytest.mark.parametrize("field", BAD_DETAILS)
def test_each_bad_answer_is_refused_by_name(caller: ApiClient, world: World, field: str) -> None:
    reference = house_started(caller)
    problem = refused(caller, 422, AUDITOR, "PUT", f"/audits/{reference}/sections/details", {field: BAD_DETAILS[field]}, If_Match='"1"')
    assert [one["field"] for one in problem["errors"]] == [field]
    assert world.audit(reference).version == 1


def test_all_bad_answers_are_reported_at_once(caller: ApiClient) -> None:
    problem = refused(caller, 422, AUDITOR, "POST", "/audits", {"details": BAD_DETAILS})
    assert {one["field"] for one in problem["errors"]} == set(BAD_DETAILS)
    assert caller.ok(AUDITOR, "GET", "/audits")["audits"] == []


def test_a_childs_id_is_1_to_40_printable_characters(caller: ApiClient) -> None:
    assert house_started(caller, {"child_id": "Ä" * 40})
    refused(caller, 422, AUDITOR, "POST", "/audits", {"details": {"child_id": "x" * 41}})
    refused(caller, 422, AUDITOR, "POST", "/audits", {"details": {"child_id": "one\ntwo"}})


def test_a_field_takes_100_kilobytes_and_gives_them_back(caller: ApiClient) -> None:
    reference, text = house_started(caller), "ö" * 50_000 + "x" * 50_000
    caller.put(AUDITOR, reference, "area_1", {"grade": "good", "evidence": text, "impact": text})
    assert caller.ok(AUDITOR, "GET", f"/audits/{reference}")["sections"]["area_1"]["evidence"] == text


def test_a_body_over_the_limit_is_413_with_one_sentence(caller: ApiClient) -> None:
    reference = house_started(caller)
    refused(caller, 413, AUDITOR, "PUT", f"/audits/{reference}/sections/area_1", {"evidence": "x" * 3_000_000}, If_Match='"1"')


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ([], 422), ("x", 422), ({"move": 5}, 422), ({"move": "no_such_move"}, 422), ({"move": "share", "extra": 1}, 422),
     ({"move": "share", "reason": {"a": 1}}, 422), ({"move": "grade\x00"}, 422), ({"move": "withdraw", "reason": "\udfff"}, 422)],
)  # fmt: skip
def test_a_malformed_move_is_refused(caller: ApiClient, world: World, body: Any, status: int) -> None:
    reference = an_audit(world, at="draft")
    refused(caller, status, AUDITOR, "POST", f"/audits/{reference}/moves", body)


def test_a_body_that_is_not_json_is_refused(caller: ApiClient) -> None:
    token = {"Authorization": f"Bearer {caller.token(AUDITOR)}"}
    for data, kind, status in ((b"{", "application/json", 400), (b"\xff", "application/json", 400), (b"{}", "text/plain", 415)):
        response = caller.client.post("/api/v1/audits/search", data=data, content_type=kind, headers=token)
        assert response.status_code == status, response.data
        assert response.content_type == "application/problem+json"


def test_a_method_that_is_not_allowed_names_those_that_are(caller: ApiClient) -> None:
    response = caller.call(AUDITOR, "DELETE", "/audits")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "given",
    [{"text": "x" * 200_001}, {"text": " "}, {"owner": "nobody@demo.example"}, {"due_on": "2026-13-01"}, {"due_on": ""}, {"more": 1}],
)
def test_a_bad_action_is_refused(caller: ApiClient, world: World, given: Any) -> None:
    reference = an_audit(world, at="draft")
    whole = {"text": "Book it.", "owner": QA, "due_on": "2026-12-01", **given}
    refused(caller, 422, AUDITOR, "POST", f"/audits/{reference}/actions", whole)
    assert world.audit(reference).actions == ()


@pytest.mark.parametrize("tail", ["x", "0", "99", "1" * 50, "١", "-1", ""])
def test_a_missing_action_is_not_found(caller: ApiClient, world: World, tail: str) -> None:
    reference = an_audit(world, at="graded")
    refused(caller, 404, AUDITOR, "GET", f"/actions/{reference}-{tail}")


def test_a_key_has_at_most_200_characters(caller: ApiClient, world: World) -> None:
    path = f"/audits/{an_audit(world, at='graded')}/moves"
    refused(caller, 422, AUDITOR, "POST", path, {"move": "share"}, Idempotency_Key="k" * 201)


def test_rewording_an_action_with_its_progress_is_refused_and_changes_nothing(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="graded")
    refused(caller, 422, AUDITOR, "PATCH", f"/actions/{reference}-1", {"text": "Call.", "progress": "Called."})
    assert world.audit(reference).actions[0].text == AN_ACTION.text


def test_refused_input_never_breaks_the_record(caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="graded")
    for who in (AUDITOR, QA, PPQA):
        for method, path, body in every_door(reference):
            assert caller.call(who, method, path, body).status_code < 500
    assert find_first_break(caller.council, [reference]) == ""


def test_what_was_saved_is_read_back(caller: ApiClient) -> None:
    reference = house_started(caller, dict(DETAILS))
    for section, given in answers("good").items():
        if section != "details":
            caller.put(AUDITOR, reference, section, given)
    shown = caller.ok(AUDITOR, "GET", f"/audits/{reference}")["sections"]
    for section, given in answers("good").items():
        assert given.items() <= shown[section].items(), section
