"""A visitor makes the database no larger, whatever they ask for and however often."""

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.factories import World, an_audit
from tests.web.access_matrix.expectations import ROUTES, Route
from tests.web.support.browser import token_in
from web.council import Council
from workflow.storage.engine import read_transaction
from workflow.storage.tables import metadata

# Wrong attempts are counted, so that guessing is slowed down: in one row for each network and one for all, forgotten after a day.
COUNTED = {"failures"}
TYPED = {"email": "nobody.here@demo.example", "password": "x", "code": "000000", "token": "forged", "credential": "{}", "next": "/"}
TIMES = 3


def rows_of(council: Council) -> dict[str, int]:
    with read_transaction(council.engine) as connection:
        tables = metadata.sorted_tables
        return {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}


def ask(app: Flask, route: Route, reference: str) -> int:
    """As a new visitor, with the token of a page of their own."""
    visitor = app.test_client()
    token = token_in(visitor.get("/sign-in").text)
    args = {name: "1" for rule in app.url_map.iter_rules() if rule.rule == route.rule for name in rule.arguments}
    path = route.path({"number": "1", **args, **next(route.variants())}, reference)
    if route.method == "GET":
        return visitor.get(path, query_string={"token": "forged", "state": "forged", "code": "forged"}, buffered=True).status_code
    sent = {**TYPED, **route.sent(next(route.variants())), "csrf_token": token}
    given: dict[str, Any] = {"json": route.sent(next(route.variants()))} if route.is_json else {"data": sent}
    return visitor.open(path, method=route.method, **given).status_code


def test_a_visitor_leaves_no_row(app: Flask, world: World) -> None:
    reference, council = an_audit(world, "shared"), app.extensions["council"]
    app.test_client().get("/sign-in")
    found: dict[str, dict[str, int]] = {}
    for route in ROUTES:
        before = rows_of(council)
        for _ in range(TIMES):
            # /health answers 503 where no worker runs.
            assert ask(app, route, reference) not in {500, 502}, route.name
        grown = {name: number for name, number in rows_of(council).items() if number > before[name]}
        if grown.keys() - COUNTED:
            found[route.name] = grown
    print(f"{len(ROUTES)} routes, {TIMES} visitors each")
    assert found == {}
    counted = rows_of(council)["failures"]
    for number in range(20):
        visitor = app.test_client()
        token = token_in(visitor.get("/sign-in").text)
        visitor.post("/sign-in", data={"csrf_token": token, "email": f"invented{number}@example.org", "password": "x"})
    assert rows_of(council)["failures"] == counted, "an invented address makes no row of its own"
