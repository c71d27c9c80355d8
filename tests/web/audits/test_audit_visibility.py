"""What each person is shown of each audit, part by part, and that lists, counts and searches name what they may know of."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.web.access_matrix.actors import GROUPS, Actor, actors_in, give_roles
from tests.web.access_matrix.rules_section_5 import may, sees_action, sees_escalation
from tests.web.access_matrix.runner import Client
from tests.web.access_matrix.scenarios import SCENARIOS, Scenario, child_of
from tests.web.access_matrix.test_access_matrix import Matrix, matrix

__all__ = ["matrix"]
# One worker gets them all, so that the audits are made once.
pytestmark = pytest.mark.xdist_group("audit visibility")
INSIDE = tuple(group for group in GROUPS if group != "after they left")


@pytest.mark.parametrize("group", INSIDE)
def test_each_part_is_shown_to_the_people_in_the_rules(matrix: Matrix, group: str) -> None:
    give_roles(matrix.client.council, group)
    tried, wrong = 0, []
    for actor in _inside(group):
        for scenario in (one for one in SCENARIOS if may("know", actor, one)):
            shown = _json(matrix.client, actor, f"/audits/{matrix.references[scenario.name]}")
            for part, is_shown in _parts(shown).items():
                tried += 1
                if is_shown != _allowed(part, actor, scenario):
                    wrong.append(f"{actor}, {scenario.name}: {part} is {'' if is_shown else 'not '}shown")
    print(f"{tried} parts of audits, {group}")
    assert wrong == []


def _inside(group: str) -> list[Actor]:
    return [actor for actor in actors_in(group) if not actor.is_out]


def _parts(shown: Mapping[str, Any]) -> dict[str, bool]:
    return {
        "names": shown["state"] is not None and shown["auditor"] is not None,
        "read": "summary" in shown["sections"],
        "fourteen": "moderation" in shown["sections"],
        "grade": (shown["overall_grade"] or shown["sections"].get("area_12", {}).get("grade")) is not None,
        "action": bool(shown["actions"]),
        "escalation": bool(shown["escalation"]["state"]),
    }


def _allowed(part: str, actor: Actor, scenario: Scenario) -> bool:
    if part == "action":
        return sees_action(actor, scenario)
    if part == "escalation":
        return sees_escalation(actor, scenario)
    return may(part, actor, scenario) and (part != "grade" or _has_grade(actor, scenario))


def _has_grade(actor: Actor, scenario: Scenario) -> bool:
    """Before sharing there is one once the areas are graded, and its auditor alone has it."""
    return scenario.was_shared or scenario.state in {"graded", "withdrawn"}


@pytest.mark.parametrize("group", INSIDE)
def test_lists_counts_and_searches_name_what_one_may_know_of_and_no_more(matrix: Matrix, group: str) -> None:
    give_roles(matrix.client.council, group)
    wrong = [said for actor in _inside(group) for said in _lists(matrix, actor)]
    print(f"{len(_inside(group))} people’s lists, counts and searches, {group}")
    assert wrong == []


def _lists(matrix: Matrix, actor: Actor) -> Iterator[str]:
    client = matrix.client
    knows = {matrix.references[scenario.name]: scenario for scenario in SCENARIOS if may("know", actor, scenario)}
    listed = {row["reference"]: row for row in _json(client, actor, "/audits")["audits"]}
    if listed.keys() != knows.keys():
        yield f"{actor}: the list has {sorted(listed.keys() ^ knows.keys())} too many or too few"
    for reference, row in listed.items():
        scenario = knows[reference]
        if (row["state"] is not None, row["team"] is not None) != (may("names", actor, scenario), may("read", actor, scenario)):
            yield f"{actor}: the list says too much or too little of {scenario.name}"
    page = client.client.get("/audits", headers={"Cookie": client.headers[actor.name]["Cookie"]}).get_data(as_text=True)
    if set(re.findall(r'href="/audits/([a-z0-9]{4}-[a-z0-9]{4})', page)) != knows.keys():
        yield f"{actor}: the page of the list is another than the JSON"
    counted = {state for state in _states_counted(page) if state}
    if counted != {scenario.state for scenario in knows.values() if may("names", actor, scenario)}:
        yield f"{actor}: the counts are of {sorted(counted)}"
    yield from _searches(matrix, actor)


def _searches(matrix: Matrix, actor: Actor) -> Iterator[str]:
    for scenario in SCENARIOS:
        found = {row["reference"] for row in _json(matrix.client, actor, "/audits/search", {"q": child_of(scenario)})["audits"]}
        wanted = {
            matrix.references[one.name] for one in SCENARIOS if child_of(one).startswith(child_of(scenario)) and may("read", actor, one)
        }
        if found != wanted:
            yield f"{actor}: a search for the child of “{scenario.name}” finds {len(found)} audits, not {len(wanted)}"


def _states_counted(page: str) -> list[str]:
    """The states whose number the page shows as links, each with audits in it."""
    return re.findall(r'href="/audits\?state=(\w+)', page)


def _json(client: Client, actor: Actor, path: str, body: Any = None) -> Any:
    headers = {"Authorization": client.headers[actor.name]["Authorization"]}
    answer = client.client.open(f"/api/v1{path}", method="POST" if body else "GET", json=body, headers=headers)
    assert answer.status_code == 200, (actor, path, answer.json)
    return answer.json
