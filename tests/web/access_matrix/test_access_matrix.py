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
from tests.web.access_matrix.actors import GROUPS, LONG_GROUPS, Actor, actors_in, add_missing_people, give_roles
from tests.web.access_matrix.expectations import ROUTES, TABLE, Cell, cells_of, expected, served
from tests.web.access_matrix.rules_section_5 import may, sees_action
from tests.web.access_matrix.runner import LOG_TABLES, Client, bytes_of, outcome_of, roll_back_commits, table_digests
from tests.web.access_matrix.scenarios import OF_THE_ACTION, OF_THE_AUDIT, OF_THE_MODERATION, SCENARIOS, Scenario, build_all
from web.app import create_app
from web.council import Council

FEWEST = 70_000
# On PostgreSQL one cell in so many, but where there is time: no multiple of what the cells go through.
ONE_IN = 61
INTERFACES = ("pages", "JSON")
WITH_EVERY_VARIANT = ("named by the audit", "in a post")


# Many cells: on a busy machine a part takes minutes. One worker gets them all, so that the audits are made once.
pytestmark = [pytest.mark.timeout(1200), pytest.mark.xdist_group("access matrix")]


@dataclass
class Matrix:
    client: Client
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
    add_missing_people(council)
    references = build_all(a_world(council))
    council.engine.dispose()
    app = create_app(council.settings)
    app.testing = True
    client = Client(app)
    client.sign_in_all()
    yield Matrix(client, references)
    client.council.engine.dispose()


def test_every_route_has_a_rule_for_its_callers(app: Flask) -> None:
    assert sorted(served(app) - TABLE.keys()) == [], "routes without an access rule: add rows to tests/web/access_matrix/routes.toml"
    assert sorted(TABLE.keys() - served(app)) == [], "rules of routes that there are not"


def test_the_matrix_has_the_expected_size() -> None:
    cells = sum(len(list(_cells(group, interface))) for group in GROUPS for interface in INTERFACES)
    print(f"{cells} cells of {len(ROUTES)} routes, {len(SCENARIOS)} audits, {sum(len(actors_in(group)) for group in GROUPS)} people")
    assert cells >= FEWEST


@cache
def _sample() -> Mapping[tuple[str, str], list[Cell]]:
    """Group and interface -> cells: each answer that somebody gets from a route, each route on each audit, each person on each audit."""
    every = [(group, interface, cell) for group in GROUPS for interface in INTERFACES for cell in _cells(group, interface)]
    by: list[Axis[tuple[str, str, Cell]]] = [
        lambda one: (one[0], one[2].actor, one[2].what, min(expected(one[2]))),
        lambda one: (one[2].what, one[2].scenario),
        lambda one: (one[0], one[2].actor, one[2].scenario),
    ]
    chosen = cover(every, by, chance("access matrix"))
    return {(group, interface): [one[2] for one in chosen if one[:2] == (group, interface)] for group in GROUPS for interface in INTERFACES}


@pytest.mark.slow_because("a route that forgets to ask for permission shows here alone")
@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("group", GROUPS)
def test_every_pair_answers_as_the_rules_say(matrix: Matrix, bar: Bar, group: str, interface: str) -> None:
    cells = _sample()[group, interface]
    bar("A1", wanted=len(cells), seen=_try_all(matrix, group, interface, cells))


@pytest.mark.long
@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("group", GROUPS)
def test_every_cell_answers_as_the_rules_say(matrix: Matrix, bar: Bar, group: str, interface: str) -> None:
    cells = list(_cells(group, interface))
    bar("A1", wanted=len(cells), seen=_try_all(matrix, group, interface, cells))


@pytest.mark.long
@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("group", LONG_GROUPS)
def test_no_role_gives_what_only_another_gives(matrix: Matrix, group: str, interface: str) -> None:
    _try_all(matrix, group, interface, _cells(group, interface))


@pytest.mark.postgres
@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("group", GROUPS)
def test_a_share_of_the_cells_answers_the_same_on_postgresql(on_postgresql: Matrix, group: str, interface: str) -> None:
    _try_all(on_postgresql, group, interface, islice(_cells(group, interface), 0, None, ONE_IN))


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("group", GROUPS)
def test_every_cell_answers_the_same_on_postgresql(on_postgresql: Matrix, group: str, interface: str) -> None:
    _try_all(on_postgresql, group, interface, _cells(group, interface))


def _cells(group: str, interface: str) -> Iterator[Cell]:
    # A person who gets the same answer everywhere need not try every move.
    for actor in actors_in(group):
        yield from cells_of(actor, is_json=interface == "JSON", every_variant=group in WITH_EVERY_VARIANT)


def _try_all(matrix: Matrix, group: str, interface: str, cells: Iterable[Cell]) -> int:
    """How many cells were tried."""
    engine, started, wrong, tried = matrix.client.council.engine, perf_counter(), [], 0
    give_roles(matrix.client.council, group)
    # Read again once it has changed: whichever cell comes first is not to be told apart by that.
    matrix.client.council.store.directory()
    before = table_digests(engine)
    for cell in sorted(cells, key=lambda cell: cell.route.method != "GET"):
        tried += 1
        wrong += _try(matrix, cell, keeps=cell.route.method == "GET")
    print(f"{engine.dialect.name}: {tried} cells of {interface}, {group}, in {perf_counter() - started:.1f} s")
    assert wrong == [], f"{len(wrong)} of {tried} cells: " + "\n".join(wrong[:40])
    assert table_digests(engine) == before
    return tried


def _try(matrix: Matrix, cell: Cell, *, keeps: bool) -> list[str]:
    """The faults of one cell. A change by a GET would stay, and be found; everything else is undone."""
    if keeps:
        return list(_faults_of(matrix, cell))
    with roll_back_commits(matrix.client.council.engine):
        return list(_faults_of(matrix, cell))


def _faults_of(matrix: Matrix, cell: Cell) -> Iterator[str]:
    client, reference = matrix.client, matrix.references[cell.scenario.name] if cell.scenario else ""
    response = client.ask(cell, reference)
    # The directory’s version is raised before a change is checked, and undone with it: `everything_in` would find it.
    answer, wanted, written = outcome_of(response), expected(cell), client.written - LOG_TABLES - {"directory"}
    if answer not in wanted:
        yield f"{cell}: {response.status_code} is “{answer}”, not “{min(wanted)}”"
    if written and (answer != "past" or cell.route.method == "GET"):
        yield f"{cell}: {answer}, and wrote to {', '.join(sorted(written))}"
    for words, allowed in _case_text(cell.actor, cell.scenario):
        if not allowed and words.encode() in response.data:
            yield f"{cell}: shows “{words}”"
    if answer == "unknown" and cell.scenario:
        yield from _differences_from_nowhere(matrix, cell, cell.scenario, (bytes_of(response), client.statements))


def _differences_from_nowhere(matrix: Matrix, cell: Cell, scenario: Scenario, here: tuple[object, int]) -> Iterator[str]:
    """What is unknown answers as what does not exist: byte by byte, and, where even the audit is unknown, for the same work."""
    key = (cell.actor, cell.route.name, tuple(cell.args.values()))
    if key not in matrix.nowhere:
        matrix.nowhere[key] = (bytes_of(matrix.client.ask_nowhere(cell)), matrix.client.statements)
    answer, statements = matrix.nowhere[key]
    if here[0] != answer:
        yield f"{cell}: is told apart from what does not exist"
    if here[1] != statements and not may("know", cell.actor, scenario):
        yield f"{cell}: took {here[1]} statements, and {statements} for what does not exist"


def _case_text(actor: Actor, scenario: Scenario | None) -> Iterator[tuple[str, bool]]:
    """Case text, and whether this person may read it here."""
    knows = scenario is not None and not actor.is_out and may("know", actor, scenario)
    for words in OF_THE_AUDIT:
        yield words, knows and scenario is not None and may("read", actor, scenario)
    for words in OF_THE_MODERATION:
        yield words, knows and scenario is not None and may("fourteen", actor, scenario)
    yield OF_THE_ACTION, knows and scenario is not None and sees_action(actor, scenario)
