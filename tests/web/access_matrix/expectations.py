"""Every route as a row of routes.toml, every cell of the matrix, and what section 5 of the rules has it answer.

An answer is one of: "sign in" (401, or led to signing in), "unknown" (404), "refused" (403), "past" (got past permission).
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from flask import Flask

from tests.web.access_matrix.actors import Actor
from tests.web.access_matrix.rules_section_5 import MOVES, leads_from, makes, may, records_safeguarding, sees_action, sees_escalation
from tests.web.access_matrix.scenarios import SCENARIOS, Scenario

TABLE: Mapping[str, Mapping[str, Any]] = tomllib.loads(Path(__file__).with_name("routes.toml").read_text(encoding="utf-8"))
OF_AN_AUDIT = ("reference", "action_id")
NOWHERE = "zzzz-zzzz"
Args = Mapping[str, str]
Answering = Callable[[Actor, Scenario, Args], str]


@dataclass(frozen=True)
class Route:
    method: str
    rule: str
    row: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def is_json(self) -> bool:
        return self.rule.startswith("/api/")

    @property
    def is_of_an_audit(self) -> bool:
        return any(f"{name}>" in self.rule for name in OF_AN_AUDIT)

    def variants(self) -> Iterator[dict[str, str]]:
        """The arguments that it is tried with, besides the audit."""
        each = self.row.get("each", {})
        for values in product(*(_values(given) for given in each.values())):
            yield dict(zip(each, values, strict=True))

    def path(self, args: Args, reference: str) -> str:
        given = {"number": "1", **args, "reference": reference, "action_id": f"{reference}-1"}
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: given[found[1]], self.rule)

    def sent(self, args: Args) -> dict[str, Any]:
        return {key: value.format(**args) if isinstance(value, str) else value for key, value in self.row.get("send", {}).items()}


@dataclass(frozen=True)
class Cell:
    route: Route
    args: Args
    actor: Actor
    scenario: Scenario | None

    @property
    def what(self) -> tuple[str, ...]:
        """What is asked for, of whatever audit."""
        return (self.route.name, *self.args.values())

    def __str__(self) -> str:
        said = ", ".join(self.args.values())
        return f"{self.route.name}{f' ({said})' * bool(said)}, {self.actor}, {self.scenario.name if self.scenario else 'no audit'}"


def _values(given: str | list[str]) -> list[str]:
    return [name for name, move in MOVES[given].items() if move["by"]] if isinstance(given, str) else given


def served(app: Flask) -> set[str]:
    """Every route that the service really has."""
    rules = app.url_map.iter_rules()
    return {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


ROUTES = tuple(Route(name.partition(" ")[0], name.partition(" ")[2], row) for name, row in TABLE.items())


def cells_of(actor: Actor, *, is_json: bool, every_variant: bool = True) -> Iterator[Cell]:
    """One person’s, at the pages or at the JSON."""
    for route in (one for one in ROUTES if one.is_json == is_json):
        variants = list(route.variants())
        scenes: tuple[Scenario | None, ...] = SCENARIOS if route.is_of_an_audit else (None,)
        for args, scenario in product(variants if every_variant else variants[:1], scenes):
            yield Cell(route, args, actor, scenario)


def expected(cell: Cell) -> set[str]:
    """Raises KeyError for a need that nobody has written down."""
    needs, actor = cell.route.row["needs"], cell.actor
    if needs == "absent":
        return {"unknown"}
    if needs == "public":
        return {"past", "sign in", "unwell"}
    if actor.is_out or needs == "halfway":
        return {"sign in"}
    if needs in {"signed_in", "nobody"}:
        return {"past" if needs == "signed_in" else "unknown"}
    if needs == "roles":
        holds = actor.role.partition(":")[0] in cell.route.row["roles"]
        return {cell.route.row.get("then", "past") if holds else cell.route.row.get("otherwise", "refused")}
    assert cell.scenario, f"{cell.route.name} needs “{needs}” of an audit, and names none"
    return {ANSWERS[needs](actor, cell.scenario, cell.args) if may("know", actor, cell.scenario) else "unknown"}


def _past(allowed: bool, otherwise: str = "refused") -> str:
    return "past" if allowed else otherwise


def _section(actor: Actor, scenario: Scenario, args: Args) -> str:
    if not may("read", actor, scenario):
        return "refused"
    return _past(may("fourteen" if args["section"] == "moderation" else "read", actor, scenario), "unknown")


def _write(actor: Actor, scenario: Scenario, args: Args) -> str:
    return _past(may("judge" if args["section"] == "moderation" else "write", actor, scenario))


def _write_on_page(actor: Actor, scenario: Scenario, args: Args) -> str:
    shown = _section(actor, scenario, args)
    return _write(actor, scenario, args) if shown == "past" else shown


def _move(actor: Actor, scenario: Scenario, args: Args) -> str:
    return _past(makes("audit", args["move"], actor, scenario))


def _offer(actor: Actor, scenario: Scenario, args: Args) -> str:
    """A draft is not offered to be discarded: more than the header is written in each of these."""
    if MOVES["audit"][args["move"]].get("offered_where"):
        return "refused"
    return _past(makes("audit", args["move"], actor, scenario) and leads_from("audit", args["move"], scenario.state))


def _action_move(actor: Actor, scenario: Scenario, args: Args) -> str:
    moves = makes("action", args["move"], actor, scenario) and scenario.state in {"shared", "moderated"}
    return _past(moves) if sees_action(actor, scenario) else "unknown"


def _progress(actor: Actor, scenario: Scenario, args: Args) -> str:
    return _past(may("progress", actor, scenario)) if sees_action(actor, scenario) else "unknown"


def _succeed_owner(actor: Actor, scenario: Scenario, args: Args) -> str:
    return _past(may("succeed", actor, scenario)) if sees_action(actor, scenario) else "unknown"


def _draft_of_action(actor: Actor, scenario: Scenario, args: Args) -> str:
    is_own = may("write", actor, scenario) and not scenario.was_shared
    return _past(is_own) if sees_action(actor, scenario) else "unknown"


def _right(right: str) -> Answering:
    return lambda actor, scenario, args: _past(may(right, actor, scenario))


ANSWERS: Mapping[str, Answering] = {
    "know": lambda actor, scenario, args: "past",
    **{right: _right(right) for right in ("read", "history", "allocate", "assign", "succeed", "add")},
    "section": _section, "write": _write, "write_on_page": _write_on_page, "move": _move, "offer": _offer,
    "action": lambda actor, scenario, args: _past(sees_action(actor, scenario), "unknown"),
    "action_move": _action_move, "progress": _progress, "succeed_owner": _succeed_owner, "draft_of_action": _draft_of_action,
    "escalation": lambda actor, scenario, args: _past(sees_escalation(actor, scenario), "unknown"),
    "safeguarding": lambda actor, scenario, args: _past(records_safeguarding(actor, scenario)),
    "readings": lambda actor, scenario, args: _past(
        actor.role == "governance" or (actor.role == "hos_ppqa" and scenario.was_shared)
    ),
    "escalation_move": lambda actor, scenario, args: _past(makes("escalation", args["move"], actor, scenario)),
}  # fmt: skip
