"""Keys that nobody asked for: extra, nested and twice, in forms and in JSON, change nothing that the same request without them does not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from tests.factories import a_world
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import Axis, chance, cover
from tests.web.access_matrix.actors import Actor, actors_in, add_missing_people
from tests.web.access_matrix.expectations import ROUTES, Cell, expected
from tests.web.access_matrix.runner import Client, outcome_of, roll_back_commits
from tests.web.access_matrix.scenarios import SCENARIOS, SPECIAL_SCENARIOS, Scenario, build_all
from workflow.ports import Change

NEVER_ASKED = {
    "state": "actions_closed", "version": 99, "edition": 9, "overall_grade": "outstanding", "auditor_id": 3, "moderator": "qa@demo.example",
    "moderator_id": 3, "shared_at": "2020-01-01T00:00:00Z", "moderated_at": "2020-01-01T00:00:00Z", "picked_because": "", "header": {"team": "care-west"},
    "withdrawal_asked_by": 4, "escalation_state": "none", "escalation": {"state": "resolved"}, "is_live": True, "added_by": 3, "owner_id": 3,
    "reported_by": 4, "verified_by": 4, "asked_by": 4, "history_head": "0" * 64, "chain": {"count": 0}, "rules_version": 0, "roles": ["qa"],
    "person_id": 1, "is_active": True, "at": "2020-01-01T00:00:00Z", "now": "2020-01-01T00:00:00Z", "reference": "zzzz-zzzz", "id": 1,
}  # fmt: skip
NESTED = {
    "audit": NEVER_ASKED,
    "details.state": "shared",
    "details[state]": "shared",
    "__proto__": {"state": "shared"},
    "sections": {"area_12": {}},
}
AT_A_TIME = 3
TRIED_IN = (*(one for one in SCENARIOS if one.escalation in {"none", "open"} and one not in SPECIAL_SCENARIOS), SPECIAL_SCENARIOS[1])


@pytest.fixture
def client(app: Flask) -> Client:
    client = Client(app)
    add_missing_people(client.council)
    client.sign_in_all()
    return client


def test_no_extra_nested_or_doubled_key_changes_anything(client: Client, monkeypatch: pytest.MonkeyPatch, bar: Bar) -> None:
    """Each route on each audit, and each route for each person; others each day."""
    by: list[Axis[Cell]] = [lambda cell: (cell.route.name, cell.scenario), lambda cell: (cell.route.name, cell.actor)]
    seen = _changes_nothing(client, monkeypatch, cover(_allowed(), by, chance("mass assignment")))
    bar("A2", wanted=seen, seen=seen)


@pytest.mark.long
def test_no_key_changes_anything_for_anybody(client: Client, monkeypatch: pytest.MonkeyPatch, bar: Bar) -> None:
    seen = _changes_nothing(client, monkeypatch, list(_allowed()))
    bar("A2", wanted=seen, seen=seen)


def _changes_nothing(client: Client, monkeypatch: pytest.MonkeyPatch, cells: list[Cell]) -> int:
    """How many requests were sent."""
    references = build_all(a_world(client.council))
    saved: list[Change] = []
    save = client.council.store.save

    def note_and_save(change: Change) -> None:
        saved.append(change)
        save(change)

    monkeypatch.setattr(client.council.store, "save", note_and_save)
    wrong, tried = [], 0
    with time_machine.travel(datetime.now(UTC), tick=False), roll_back_commits(client.council.engine):
        for cell in cells:
            reference = references[cell.scenario.name] if cell.scenario else ""
            plain = _saved_by(client, cell, reference, saved)
            for kind, body in _bodies(cell, tried):
                tried += 1
                changed = _saved_by(client, cell, reference, saved, body)
                if changed and changed != plain:
                    wrong.append(f"{cell}: {kind} changed something")
                if cell.route.is_json and cell.route.method != "DELETE" and changed:
                    wrong.append(f"{cell}: {kind} is taken, not refused")
    print(f"{tried} requests with keys that nobody asked for")
    assert wrong == []
    return tried


def _allowed() -> Iterator[Cell]:
    """One way past permission for each route, audit and person who has one."""
    actors = [actor for group in ("named by the audit", "in a post") for actor in actors_in(group)]
    for route in (one for one in ROUTES if one.method != "GET" and one.row["needs"] != "public" and "discard" not in one.rule):
        for scenario in TRIED_IN if route.is_of_an_audit else (None,):
            for actor in actors:
                cells = (Cell(route, args, actor, scenario) for args in route.variants())
                yield from [cell for cell in cells if "past" in expected(cell)][:1]


def _bodies(cell: Cell, turn: int) -> Iterator[tuple[str, Any]]:
    sent = cell.route.sent(cell.args)
    if not cell.route.is_json:
        yield "every key at once", {**sent, **{key: str(value) for key, value in NEVER_ASKED.items()}}
        yield "nested", {**sent, **{key: str(value) for key, value in NESTED.items()}}
        yield "doubled", {key: [value, "actions_closed"] for key, value in sent.items()}
        return
    names = list(NEVER_ASKED)
    for step in range(AT_A_TIME):
        name = names[(turn + step) % len(names)]
        yield f"extra {name}", {**sent, name: NEVER_ASKED[name]}
    yield "nested", {**sent, **NESTED}
    yield "doubled", json.dumps({"state": "shared"})[:-1] + ", " + (json.dumps(sent)[1:-1] or '"version": 1') + ', "state": "moderated"}'


def _saved_by(client: Client, cell: Cell, reference: str, saved: list[Change], body: Any = None) -> list[tuple[Any, ...]]:
    """What was to be stored, but for what chance gives: a new audit’s reference, and the hash of the last row of history, which is salted."""
    saved.clear()
    answer = client.ask(cell, reference, body)
    assert outcome_of(answer) not in {"broken", "not understood"}, (str(cell), answer.status_code)
    return [_by_itself(change) for change in saved]


def _by_itself(change: Change) -> tuple[Any, ...]:
    after = replace(change.after, chain=replace(change.after.chain, head=""), reference=change.after.reference if change.before else "")
    return after, len(change.rows), len(change.notices), len(change.seals)


def test_a_move_named_twice_is_refused(client: Client) -> None:
    references = build_all(a_world(client.council))
    scenario: Scenario = next(one for one in SCENARIOS if one.name == "graded, none")
    route = next(one for one in ROUTES if one.name == "POST /api/v1/audits/<reference>/moves")
    cell = Cell(route, {"move": "revise"}, Actor("qa", role="qa"), scenario)
    for body in ('{"move": "withdraw", "move": "share"}', '{"move": "withdraw", "reason": "x", "move": "revise"}'):
        assert client.ask(cell, references[scenario.name], body).status_code == 422
