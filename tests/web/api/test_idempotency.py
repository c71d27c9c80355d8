"""Every call that changes something is tried twice at once, and a third time, under one Idempotency-Key: one effect and one answer.

A new call needs its line in CALLS.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import AN_ACTION, DETAILS, World, an_audit
from tests.web.support.api_client import ApiClient
from web.api.blueprint import ApiBlueprint
from web.request.view_options import options_of
from workflow.commands import actions
from workflow.storage.engine import read_transaction
from workflow.storage.tables import audits, history, notices, once, outbox, readings

SAFE = {"GET", "HEAD", "OPTIONS"}
KEYED = {"Idempotency_Key": "the-key"}
ACTION = {"text": "Call the school.", "owner": "practitioner@demo.example", "due_on": "2027-01-08"}


@dataclass(frozen=True)
class Call:
    """`other` is another request that could be made instead."""

    who: str
    path: str
    body: Any
    other: Any
    needs_version: bool = False


def _with_new_action(world: World) -> Call:
    reference = an_audit(world, at="draft")
    actions.add_action(world.command_context(), world.person("auditor"), reference, AN_ACTION)
    return Call("auditor", f"/actions/{reference}-1", None, {})


def _escalated(world: World) -> str:
    return an_audit(world, at="shared", grade="inadequate")


CALLS: dict[str, Callable[[World], Call]] = {
    "POST /audits": lambda _: Call("auditor", "/audits", {"details": dict(DETAILS)}, {"details": {}}),
    "PUT /audits/<reference>/sections/<section>": lambda world: Call(
        "auditor", f"/audits/{an_audit(world, at='draft')}/sections/area_1", {"evidence": "Seen."}, {"evidence": "Not seen."}, needs_version=True
    ),
    "POST /audits/<reference>/moves": lambda world: Call(
        "auditor", f"/audits/{an_audit(world, at='graded')}/moves", {"move": "share"}, {"move": "revise"}
    ),
    "PUT /audits/<reference>/moderator": lambda world: Call(
        "qa", f"/audits/{an_audit(world, at='shared')}/moderator", {"person": "moderator@demo.example"}, {"person": "moderator2@demo.example"}
    ),
    "PUT /audits/<reference>/auditor": lambda world: Call(
        "qa", f"/audits/{an_audit(world, at='draft')}/auditor", {"person": "auditor2@demo.example"}, {"person": "auditor@demo.example"}
    ),
    "PUT /audits/<reference>/people/<role>": lambda world: Call(
        "qa", f"/audits/{an_audit(world, at='shared')}/people/team_manager",
        {"person": "team.manager2@demo.example", "reason": "Left."}, {"person": "team.manager@demo.example", "reason": "Back."},
    ),
    "PUT /actions/<action_id>/owner": lambda world: Call(
        "qa", f"/actions/{an_audit(world, at='shared')}-1/owner",
        {"person": "practitioner2@demo.example", "reason": "Left."}, {"person": "practitioner@demo.example", "reason": "Back."},
    ),
    "POST /audits/<reference>/safeguarding": lambda world: Call(
        "auditor", f"/audits/{an_audit(world, at='draft')}/safeguarding",
        {"used_on": "2026-11-20", "used_time": "10:00", "told": "The team"}, {"used_on": "2026-11-19", "used_time": "10:00", "told": "The team"},
    ),
    "POST /audits/<reference>/actions": lambda world: Call(
        "qa", f"/audits/{an_audit(world, at='moderated')}/actions", ACTION, {**ACTION, "text": "Call the nursery."}
    ),
    "PATCH /actions/<action_id>": lambda world: Call(
        "practitioner", f"/actions/{an_audit(world, at='shared')}-1", {"progress": "Booked."}, {"progress": "Done."}
    ),
    "DELETE /actions/<action_id>": _with_new_action,
    "POST /actions/<action_id>/moves": lambda world: Call(
        "team.manager", f"/actions/{an_audit(world, at='moderated')}-1/moves", {"move": "report"}, {"move": "verify"}
    ),
    "POST /audits/<reference>/escalation/moves": lambda world: Call(
        "director.safeguarding", f"/audits/{_escalated(world)}/escalation/moves", {"move": "acknowledge"}, {"move": "plan", "plan": "Visit."}
    ),
}  # fmt: skip


def unsafe_calls(app: Flask) -> set[str]:
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]
    return {
        f"{method} {rule.rule.removeprefix('/api/v1')}"
        for rule in rules
        for method in (rule.methods or set()) - SAFE
        if not options_of(rule.endpoint).only_reads
    }


def test_every_unsafe_call_is_tried_here(app: Flask) -> None:
    with app.app_context():
        assert unsafe_calls(app) == CALLS.keys()


def test_a_call_that_forgets_the_key_is_not_served() -> None:
    forgetful = ApiBlueprint("forgetful", "Forgetful")
    with pytest.raises(TypeError, match="changes something"):
        forgetful.add_url_rule("/forget", "forget", lambda: "", methods=["POST"])


def count(caller: ApiClient, table: Any) -> int:
    with read_transaction(caller.council.engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def effects(caller: ApiClient) -> tuple[int, ...]:
    with read_transaction(caller.council.engine) as connection:
        versions = int(connection.execute(select(func.coalesce(func.sum(audits.c.version), 0))).scalar_one())
    return (versions, *(count(caller, table) for table in (history, notices, outbox, once)))


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("name", CALLS)
def test_one_key_has_one_effect_and_one_answer(app: Flask, caller: ApiClient, world: World, name: str) -> None:
    call, method = CALLS[name](world), name.split()[0]
    who, headers = f"{call.who}@demo.example", dict(KEYED)
    if call.needs_version:
        headers["If_Match"] = f'"{caller.ok(who, "GET", call.path.partition("/sections")[0])["version"]}"'
    before, unread = effects(caller), count(caller, readings)
    first, twin = answer_both_at_once(app, caller, lambda one: one.call(who, method, call.path, call.body, **headers), who)
    after, read = effects(caller), count(caller, readings) - unread
    again = caller.call(who, method, call.path, call.body, **headers)
    assert first.status_code in {200, 201, 204}, first.text
    assert after[0] == before[0] + 1, "one commit"
    assert effects(caller) == after
    for answer in (twin, again):
        assert (answer.status_code, answer.data) == (first.status_code, first.data)
        assert {name: answer.headers.get(name) for name in ("ETag", "Location")} == {
            name: first.headers.get(name) for name in ("ETag", "Location")
        }
    assert count(caller, readings) - unread == read * 3 // 2, "what is shown again is logged again"
    other = caller.call(who, method, call.path, call.other, **headers)
    assert (other.status_code, other.json["type"]) == (422, "urn:practice-audit:used-for-another")
    assert effects(caller) == after


def answer_both_at_once(app: Flask, caller: ApiClient, send: Callable[[ApiClient], Any], who: str) -> list[Any]:
    caller.token(who)
    together = Barrier(2)

    def sent(_: int) -> Any:
        one = ApiClient(caller.council, app.test_client())
        one.tokens = caller.tokens
        together.wait()
        return send(one)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(sent, range(2)))
