"""Every route × method × role × state × escalation × relation: who gets past, who is refused, who learns nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from time import perf_counter

import pytest
from flask import Flask

from tests.factories import a_council, a_world
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import Axis, chance, cover
from tests.support.postgres import a_council_on_postgresql
from tests.web.access_matrix.actors import LONG_TURNS, TURNS, Actor, add_the_others, everybody_of, set_up
from tests.web.access_matrix.expectations import ROUTES, TABLE, Cell, cells_of, expected, served
from tests.web.access_matrix.rules_section_5 import may, sees_action
from tests.web.access_matrix.runner import NOTED, Client, bytes_of, everything_in, nothing_is_kept, said
from tests.web.access_matrix.scenarios import OF_THE_ACTION, OF_THE_AUDIT, OF_THE_MODERATION, SCENES, Scenario, build_all
from web.app import create_app
from web.council import Council

FEWEST = 70_000
# On PostgreSQL one cell in so many, but where there is time: no multiple of what the cells go through.
SHARE = 61
DOORS = ("pages", "JSON")
FULLY = ("named by the audit", "in a post")


# Many cells: on a busy machine a part takes minutes. One worker gets them all, so that the audits are made once.
pytestmark = [pytest.mark.timeout(1200), pytest.mark.xdist_group("access matrix")]


@dataclass
class Matrix:
    door: Client
    references: Mapping[str, str]
    nowhere: dict[object, tuple[object, int]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    yield from a_matrix(a_council(tmp_path_factory.mktemp("every-route")))


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    folder = tmp_path_factory.mktemp("every-route")
    with a_council_on_postgresql(folder, tmp_path_factory.getbasetemp() / "postgres") as council:
        yield from a_matrix(council)


def a_matrix(council: Council) -> Iterator[Matrix]:
    add_the_others(council)
    references = build_all(a_world(council))
    council.engine.dispose()
    app = create_app(council.settings)
    app.testing = True
    door = Client(app)
    door.sign_in_all()
    yield Matrix(door, references)
    door.council.engine.dispose()


def test_every_route_has_a_rule_for_its_callers(app: Flask) -> None:
    assert sorted(served(app) - TABLE.keys()) == [], "routes without an access rule: add rows to tests/web/access_matrix/routes.toml"
    assert sorted(TABLE.keys() - served(app)) == [], "rules of routes that there are not"


def test_the_matrix_has_the_expected_size() -> None:
    cells = sum(len(list(_cells(turn, door))) for turn in TURNS for door in DOORS)
    print(f"{cells} cells of {len(ROUTES)} routes, {len(SCENES)} audits, {sum(len(everybody_of(turn)) for turn in TURNS)} people")
    assert cells >= FEWEST


@cache
def _sample() -> Mapping[tuple[str, str], list[Cell]]:
    """Turn and interface -> cells: each answer that somebody gets from a route, each route on each audit, each person on each audit."""
    every = [(turn, door, cell) for turn in TURNS for door in DOORS for cell in _cells(turn, door)]
    by: list[Axis[tuple[str, str, Cell]]] = [
        lambda one: (one[0], one[2].actor, one[2].what, min(expected(one[2]))),
        lambda one: (one[2].what, one[2].scenario),
        lambda one: (one[0], one[2].actor, one[2].scenario),
    ]
    chosen = cover(every, by, chance("access matrix"))
    return {(turn, door): [one[2] for one in chosen if one[:2] == (turn, door)] for turn in TURNS for door in DOORS}


@pytest.mark.slow_because("a route that forgets to ask for permission shows here alone")
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("turn", TURNS)
def test_every_pair_answers_as_the_rules_say(matrix: Matrix, bar: Bar, turn: str, door: str) -> None:
    cells = _sample()[turn, door]
    bar("A1", wanted=len(cells), seen=_try_all(matrix, turn, door, cells))


@pytest.mark.long
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("turn", TURNS)
def test_every_cell_answers_as_the_rules_say(matrix: Matrix, bar: Bar, turn: str, door: str) -> None:
    cells = list(_cells(turn, door))
    bar("A1", wanted=len(cells), seen=_try_all(matrix, turn, door, cells))


@pytest.mark.long
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("turn", LONG_TURNS)
def test_no_role_gives_what_only_another_gives(matrix: Matrix, turn: str, door: str) -> None:
    _try_all(matrix, turn, door, _cells(turn, door))


@pytest.mark.postgres
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("turn", TURNS)
def test_a_share_of_the_cells_answers_the_same_on_postgresql(on_postgresql: Matrix, turn: str, door: str) -> None:
    _try_all(on_postgresql, turn, door, islice(_cells(turn, door), 0, None, SHARE))


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("turn", TURNS)
def test_every_cell_answers_the_same_on_postgresql(on_postgresql: Matrix, turn: str, door: str) -> None:
    _try_all(on_postgresql, turn, door, _cells(turn, door))


def _cells(turn: str, door: str) -> Iterator[Cell]:
    # A person who gets the same answer everywhere need not try every move.
    for actor in everybody_of(turn):
        yield from cells_of(actor, is_json=door == "JSON", every_variant=turn in FULLY)


def _try_all(matrix: Matrix, turn: str, door: str, cells: Iterable[Cell]) -> int:
    """How many cells were tried."""
    engine, started, wrong, tried = matrix.door.council.engine, perf_counter(), [], 0
    set_up(matrix.door.council, turn)
    # Read again once it has changed: whichever cell comes first is not to be told apart by that.
    matrix.door.council.store.directory()
    before = everything_in(engine)
    for cell in sorted(cells, key=lambda cell: cell.route.method != "GET"):
        tried += 1
        wrong += _tried(matrix, cell, keeps=cell.route.method == "GET")
    print(f"{engine.dialect.name}: {tried} cells of {door}, {turn}, in {perf_counter() - started:.1f} s")
    assert wrong == [], f"{len(wrong)} of {tried} cells: " + "\n".join(wrong[:40])
    assert everything_in(engine) == before
    return tried


def _tried(matrix: Matrix, cell: Cell, *, keeps: bool) -> list[str]:
    """The faults of one cell. A change by a GET would stay, and be found; everything else is undone."""
    if keeps:
        return list(_judged(matrix, cell))
    with nothing_is_kept(matrix.door.council.engine):
        return list(_judged(matrix, cell))


def _judged(matrix: Matrix, cell: Cell) -> Iterator[str]:
    door, reference = matrix.door, matrix.references[cell.scenario.name] if cell.scenario else ""
    response = door.ask(cell, reference)
    # The directory’s version is raised before a change is checked, and undone with it: `everything_in` would find it.
    answer, wanted, written = said(response), expected(cell), door.written - NOTED - {"directory"}
    if answer not in wanted:
        yield f"{cell}: {response.status_code} is “{answer}”, not “{min(wanted)}”"
    if written and (answer != "past" or cell.route.method == "GET"):
        yield f"{cell}: {answer}, and wrote to {', '.join(sorted(written))}"
    for words, allowed in _canaries(cell.actor, cell.scenario):
        if not allowed and words.encode() in response.data:
            yield f"{cell}: shows “{words}”"
    if answer == "unknown" and cell.scenario:
        yield from _told_apart(matrix, cell, cell.scenario, (bytes_of(response), door.statements))


def _told_apart(matrix: Matrix, cell: Cell, scenario: Scenario, here: tuple[object, int]) -> Iterator[str]:
    """What is unknown answers as what does not exist: byte by byte, and, where even the audit is unknown, for the same work."""
    key = (cell.actor, cell.route.name, tuple(cell.args.values()))
    if key not in matrix.nowhere:
        matrix.nowhere[key] = (bytes_of(matrix.door.ask_nowhere(cell)), matrix.door.statements)
    answer, statements = matrix.nowhere[key]
    if here[0] != answer:
        yield f"{cell}: is told apart from what does not exist"
    if here[1] != statements and not may("know", cell.actor, scenario):
        yield f"{cell}: took {here[1]} statements, and {statements} for what does not exist"


def _canaries(actor: Actor, scenario: Scenario | None) -> Iterator[tuple[str, bool]]:
    """Case text, and whether this person may read it here."""
    knows = scenario is not None and not actor.is_out and may("know", actor, scenario)
    for words in OF_THE_AUDIT:
        yield words, knows and scenario is not None and may("read", actor, scenario)
    for words in OF_THE_MODERATION:
        yield words, knows and scenario is not None and may("fourteen", actor, scenario)
    yield OF_THE_ACTION, knows and scenario is not None and sees_action(actor, scenario)
