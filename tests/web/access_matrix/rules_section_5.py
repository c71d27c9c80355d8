"""Section 5 of the rules, stated again: who may know, see and do what, without using the code under test.

Who may make a move is in config/workflow.toml, which is read here as a plain table.
"""

import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from config.settings import FOLDER
from tests.web.access_matrix.actors import Actor
from tests.web.access_matrix.scenarios import Scenario

TABLE = """
            auditor    case       moderator  qa         head       hos_ppqa   director   admin   governance  owner   approver
know        always     shared     always     always     shared     shared     escalated  always  always      shared  always
names       always     shared     always     always     shared     shared     escalated  always  never       shared  always
read        always     shared     always     shared     shared     shared     escalated  never   never       never   never
grade       always     shared     judged     shared     shared     shared     escalated  never   never       never   never
fourteen    moderated  moderated  always     shared     moderated  shared     both       never   never       never   never
history     always     shared     judged     always     shared     shared     escalated  never   always      never   never
write       unshared   never      never      never      never      never      never      never   never       never   never
judge       never      never      is_shared  never      never      never      never      never   never       never   never
allocate    never      never      never      unshared   never      unshared   never      never   never       never   never
assign      never      never      never      is_shared  never      is_shared  never      never   never       never   never
add         unshared   never      is_shared  moderating moderating moderating never      never   never       never   never
succeed     never      never      never      unclosed   never      unclosed   never      never   never       never   never
progress    never      never      never      never      never      never      never      never   never       unclosed never
"""
WHEN: Mapping[str, Callable[[Scenario], bool]] = {
    "always": lambda scenario: True,
    "never": lambda scenario: False,
    "shared": lambda scenario: scenario.was_shared,
    "unshared": lambda scenario: scenario.is_unshared,
    "is_shared": lambda scenario: scenario.state == "shared",
    "moderating": lambda scenario: scenario.state == "moderated",
    "moderated": lambda scenario: scenario.was_moderated,
    "escalated": lambda scenario: scenario.is_escalated,
    "both": lambda scenario: scenario.is_escalated and scenario.was_moderated,
    "judged": lambda scenario: scenario.is_judged,
    "unclosed": lambda scenario: scenario.was_shared and scenario.state not in {"actions_closed", "withdrawn"},
}
CASE = ("practitioner", "team_manager", "service_manager", "qaro")
POSTS = {"head_of_service:assessment": "head", "director:safeguarding": "director"}
_HEADS, *_LINES = (line.split() for line in TABLE.strip().splitlines())
RIGHTS = {right: dict(zip(_HEADS, stages, strict=True)) for right, *stages in _LINES}
WORKFLOW: Mapping[str, Any] = tomllib.loads((FOLDER / "workflow.toml").read_text(encoding="utf-8"))
MOVES: Mapping[str, Mapping[str, Any]] = {
    track: {move["name"]: move for move in WORKFLOW[track]["move"]} for track in ("audit", "action", "escalation")
}


def columns_of(actor: Actor, scenario: Scenario) -> set[str]:
    """The columns of the table that are this person’s: the role and the tie, both, and no declared connection."""
    if actor.is_connected or actor.is_out:
        return set()
    found = {actor.role} & {"qa", "hos_ppqa", "admin", "governance"} | {POSTS.get(actor.role, "")}
    if actor.slot == actor.role and actor.role in {"auditor", *CASE, "moderator"}:
        found |= {"case", actor.role} if actor.role in CASE else {actor.role}
    if not scenario.has_moderator:
        found.discard("moderator")
    if actor.slot == "owner" and actor.role not in {"admin", "governance"} and scenario.was_shared:
        found.add("owner")
    if actor.role == "hos_ppqa" and scenario.is_asked:
        found.add("approver")
    return found


def may(right: str, actor: Actor, scenario: Scenario) -> bool:
    stages = RIGHTS[right]
    return any(WHEN[stages[column]](scenario) for column in columns_of(actor, scenario) if column in stages)


def makes(track: str, name: str, actor: Actor, scenario: Scenario) -> bool:
    """Whether a move is this person’s, wherever the audit stands."""
    move, relations = MOVES[track][name], _relations(actor, scenario)
    by = move.get("by_when_escalated", move["by"]) if scenario.is_escalated else move["by"]
    return bool(relations & {*by, *move.get("asked_by", ())})


def leads_from(track: str, name: str, state: str) -> bool:
    return state in MOVES[track][name]["from"]


def _relations(actor: Actor, scenario: Scenario) -> set[str]:
    """As workflow.toml names them."""
    columns = columns_of(actor, scenario)
    found = {"head_of_service" if column == "head" else column for column in columns}
    if scenario.is_escalated and columns & {"head", "director", "hos_ppqa"}:
        found.add("recipient")
    if actor.is_next_in_line and WHEN["unclosed"](scenario) and not _is_apart(actor, scenario):
        found.add("team_manager_stand_in")
    return found


def _is_apart(actor: Actor, scenario: Scenario) -> bool:
    """The auditor and the moderator stand in for nobody of the case."""
    return actor.slot == "auditor" or (actor.slot == "moderator" and scenario.has_moderator)


def sees_action(actor: Actor, scenario: Scenario) -> bool:
    """Of section 13. Before its owner is told it is its auditor’s alone."""
    columns = columns_of(actor, scenario)
    return (may("read", actor, scenario) or "owner" in columns) if scenario.was_shared else "auditor" in columns


def records_safeguarding(actor: Actor, scenario: Scenario) -> bool:
    """The people who may know of it, except those who only carry out, moderate, administer or govern."""
    columns = columns_of(actor, scenario) & {"auditor", "service_manager", "qaro", "qa", "head", "hos_ppqa", "director"}
    when = {"auditor": True, "qa": True, "director": scenario.is_escalated}
    return any(when.get(column, scenario.was_shared) for column in columns)


def sees_escalation(actor: Actor, scenario: Scenario) -> bool:
    return may("grade", actor, scenario) or (scenario.is_escalated and bool(columns_of(actor, scenario) & {"head", "director", "hos_ppqa"}))
