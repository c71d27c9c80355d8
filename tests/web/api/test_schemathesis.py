"""No request that the OpenAPI document allows, or forbids, is answered with a fault or with what the document does not say."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.factories import Plan, World, a_council, a_world, an_audit, settings
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from tests.support.postgres import a_database
from tests.web.support.api_client import ApiClient
from tests.web.support.schemathesis_runner import Thorough, calls_of, the_document, try_all
from web.app import create_app
from web.cli.demo_data import load_people
from web.cli.verify_history import find_first_break
from web.council import Council, open_council, prepare
from web.identity.credentials.access_tokens import READ, NewToken, create_token

pytestmark = pytest.mark.timeout(1200)

WALKED = (
    ("draft", "good"),
    ("graded", "good"),
    ("shared", "inadequate"),
    ("moderated", "good"),
    ("moderated", "inadequate"),
    ("actions_closed", "good"),
)
ALMOST_ALL = 600
PEOPLE = ["auditor", "qa", "moderator", "practitioner", "hos.ppqa", "admin", "auditor who only reads", ""]
# Half of them each day, and everybody in the long form.
TODAY = chance("openapi").sample(PEOPLE, len(PEOPLE) // 2)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    a_council(tmp_path / "var").engine.dispose()
    # As it is served: what is not foreseen becomes a 500, which is what must not be.
    app = create_app(settings(tmp_path / "var"))
    yield app
    app.extensions["council"].engine.dispose()


@pytest.fixture
def on_postgresql(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with a_database(tmp_path_factory.getbasetemp() / "postgres") as url:
        given = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32}
        council = open_council(settings(tmp_path, **given))
        prepare(council)
        load_people(council, "correct horse")
        council.engine.dispose()
        app = create_app(settings(tmp_path, **given))
        yield app
        app.extensions["council"].engine.dispose()


@pytest.mark.parametrize("who", [pytest.param(who, marks=() if who in TODAY else pytest.mark.long) for who in PEOPLE])
def test_every_answer_matches_the_openapi_document(app: Flask, who: str, bar: Bar) -> None:
    seen = _nothing_is_wrong(app, who, Thorough())
    bar("F8", wanted=ALMOST_ALL, seen=seen)


@pytest.mark.postgres
def test_every_answer_matches_the_openapi_document_on_postgresql(on_postgresql: Flask, bar: Bar) -> None:
    seen = _nothing_is_wrong(on_postgresql, "auditor", Thorough(requests=8))
    bar("F8", wanted=ALMOST_ALL, seen=seen)


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("who", ["auditor", "qa", "moderator", "team.manager", "head.of.service", "hos.ppqa", "admin"])
def test_every_answer_matches_the_openapi_document_in_long_runs(app: Flask, who: str, seed: int, bar: Bar) -> None:
    seen = _nothing_is_wrong(app, who, Thorough(requests=150, chains=100, seed=seed))
    bar("F8", wanted=ALMOST_ALL, seen=seen)


def _nothing_is_wrong(app: Flask, who: str, thorough: Thorough) -> int:
    """How many requests were answered."""
    council: Council = app.extensions["council"]
    world, caller = a_world(council), ApiClient(council, app.test_client())
    references = _audits(world)
    caller.emails()
    document = the_document(app, world, references, _token(caller, who), thorough)
    tried = try_all(document)
    print(f"{who or 'nobody'}: {tried}")
    assert not tried.wrong, "\n".join(tried.wrong.values())
    assert tried.calls == calls_of(document)
    assert tried.answers.total() >= ALMOST_ALL
    assert find_first_break(council, references) == ""
    return tried.answers.total()


def _audits(world: World) -> list[str]:
    return [an_audit(world, at=state, plan=Plan(grade=grade)) for state, grade in WALKED]


def _token(caller: ApiClient, who: str) -> str:
    name, _, only_reads = who.partition(" who ")
    if not only_reads:
        return caller.token(f"{name}@demo.example") if name else ""
    return create_token(caller.council, a_world(caller.council).person(name), NewToken(scope=READ))


def _raises(**_: object) -> None:
    raise ZeroDivisionError


BROKEN: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "api_council.current_form": ("Server error", _raises),
    "api_audits.moves": ("Undocumented status code", lambda reference: ("{}", 418, {"Content-Type": "application/json"})),
    "api_audits.show": ("Missing required response headers", lambda reference: {}),
    "api_audits.history": ("Undocumented Content-Type", lambda reference: "<p>Hello</p>"),
    "api_audits.every": ("Response violates schema", lambda: {"audits": "none", "next": None}),
    "api_council.notices": ("Undocumented Content-Type", lambda: ({"message": "No."}, 401)),
}


def test_an_undocumented_answer_is_found(app: Flask) -> None:
    app.view_functions.update({endpoint: answer for endpoint, (_, answer) in BROKEN.items()})
    caller = ApiClient(app.extensions["council"], app.test_client())
    tried = try_all(
        the_document(app, a_world(caller.council), ["2222-2222"], caller.token("qa@demo.example"), Thorough(requests=1, chains=1))
    )
    for endpoint, (title, _) in BROKEN.items():
        (rule,) = app.url_map.iter_rules(endpoint)
        call = "GET " + rule.rule.replace("<reference>", "{reference}")
        assert [wrong for wrong in tried.wrong if wrong.startswith(f"{call}: {title}")], (call, title, *tried.wrong)
