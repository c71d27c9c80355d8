"""Before sharing, nothing that the case’s people can observe depends on the audit: two councils, one of them with drafts."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from time_machine import Traveller

from tests.factories import Plan, World, a_council, a_world, an_audit, settings
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import Axis, chance, cover
from tests.web.access_matrix.actors import Actor, add_missing_people
from tests.web.access_matrix.expectations import ROUTES, Cell, Route
from tests.web.access_matrix.runner import Client, bytes_of, roll_back_commits
from web.app import create_app
from workflow.commands import audit_moves

# The people of the case, and who else learns of an audit only by its being shared.
WATCHING = (
    "practitioner", "team.manager", "service.manager", "qaro", "owner", "moderator", "head.of.service", "director.safeguarding",
    "practitioner2", "nothing",
)  # fmt: skip
DRAFTS = ("draft", "practitioner_consulted", "graded", "withdrawn")
CHILD = "C-7"


Asked = tuple[Cell, str]


def test_an_answer_is_the_same_with_and_without_the_drafts(tmp_path: Path, clock: Traveller, bar: Bar) -> None:
    """Each route for each person, each route for each draft, each draft for each person; others each day."""
    by: list[Axis[Asked]] = [
        lambda one: (one[0].actor, one[0].what), lambda one: (one[0].what, one[1]), lambda one: (one[0].actor, one[1]),
    ]  # fmt: skip
    seen = _are_the_same(tmp_path, lambda every: cover(every, by, chance("drafts")))
    bar("A3", wanted=seen, seen=seen)


@pytest.mark.long
def test_every_answer_is_the_same_with_and_without_the_drafts(tmp_path: Path, clock: Traveller, bar: Bar) -> None:
    seen = _are_the_same(tmp_path, list)
    bar("A3", wanted=seen, seen=seen)


def _are_the_same(tmp_path: Path, choose: Callable[[Iterable[Asked]], list[Asked]]) -> int:
    """How many answers were compared, byte by byte and statement by statement."""
    without, with_drafts = _twins(tmp_path)
    drafts = [_draft(a_world(with_drafts.council), state) for state in DRAFTS]
    asked, different = choose(_asked(drafts)), []
    for cell, reference in asked:
        answers = [_answer(client, cell, reference) for client in (without, with_drafts)]
        different += [f"{cell}"] * (answers[0] != answers[1])
    print(f"{len(asked)} answers to {len(WATCHING)} people, with and without {len(drafts)} drafts")
    assert different == []
    assert all(without.council.store.audit(reference) is None for reference in drafts)
    for client in (without, with_drafts):
        client.council.engine.dispose()
    return len(asked)


def _asked(drafts: list[str]) -> Iterator[Asked]:
    for name in WATCHING:
        for route in (one for one in ROUTES if one.row["needs"] != "public"):
            for args in route.variants():
                references = drafts if route.is_of_an_audit else drafts[:1]
                yield from ((Cell(_searching(route), args, Actor(name), None), reference) for reference in references)


def _answer(client: Client, cell: Cell, reference: str) -> tuple[object, ...]:
    with roll_back_commits(client.council.engine):
        return bytes_of(client.ask(cell, reference)), client.statements


def _searching(route: Route) -> Route:
    """Each search is for the child of the drafts."""
    if not route.rule.endswith("/search"):
        return route
    return replace(route, row={**route.row, "send": {"q": CHILD}})


def _twins(folder: Path) -> tuple[Client, Client]:
    """Two councils with the same sessions and tokens."""
    council = a_council(folder / "without")
    add_missing_people(council)
    an_audit(a_world(council), "moderated", Plan(details={"child_id": CHILD}))
    council.engine.dispose()
    first = _client(folder / "without")
    first.sign_in_all(WATCHING)
    with first.council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(folder / "without", folder / "with")
    second = _client(folder / "with")
    second.headers, second.csrf = first.headers, first.csrf
    return first, second


def _client(folder: Path) -> Client:
    app = create_app(settings(folder))
    app.testing = True
    return Client(app)


def _draft(world: World, state: str) -> str:
    plan = Plan(grade="inadequate", details={"child_id": CHILD})
    reference = an_audit(world, "graded" if state == "withdrawn" else state, plan)
    if state == "withdrawn":
        audit_moves.withdraw(world.command_context(), world.person("auditor"), reference, "The wrong child.")
        audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), reference, "")
    return reference
