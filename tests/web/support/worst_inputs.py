"""Everything that somebody can send, each field at its limit: derived from the routes, the views and the OpenAPI document."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask

from tests.factories import FORM
from tests.web.access_matrix.expectations import ROUTES, Route

# In this order normalising sorts them, which takes time that grows with the square of their number.
UNSORTED = "\u0301\u0323"
TOO_LONG = "far too long"
TEXTS: Mapping[str, str] = {
    "as long as any": "é" * 200_000, "marks in a row": UNSORTED * 30_000, "as many marks as any": ("a" + UNSORTED * 15) * 6_450,
    "words": "visit " * 33_000, "lines": "visit\n" * 33_000, "deep": "[" * 200_000, "digits": "9" * 200_000, TOO_LONG: "x" * 15_000_000,
}  # fmt: skip
BODIES: Mapping[str, bytes] = {
    TOO_LONG: b'{"q": "' + b"x" * 2_000_000 + b'"}', "values": b"[" + b"[]," * 690_000 + b"[]]", "keys": b"{" + b",".join(b'"%d":1' % n for n in range(180_000)) + b"}",
    "deep": b"[" * 1_000_000 + b"]" * 1_000_000, "digits": b'{"q": ' + b"9" * 2_000_000 + b"}",
}  # fmt: skip
HEADERS = (
    "Authorization", "Cookie", "Host", "If-Match", "If-None-Match", "Idempotency-Key", "User-Agent", "Content-Type", "Accept", "Accept-Language", "Range",
    "Referer", "Origin", "X-Request-ID", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded",
)  # fmt: skip
# A line of a request has at most 8,190 bytes.
LINE = 7_500
READS = {"form": "form", "args": "query", "typed": "form"}


@dataclass(frozen=True)
class Input:
    """One field of one route, with one of the texts; `name` is empty where it is the whole body."""

    route: Route
    part: str
    name: str
    kind: str

    def __str__(self) -> str:
        return f"{self.route.name}: {self.part} {self.name or 'itself'}, {self.kind}"


@cache
def quoted(kind: str) -> str:
    return quote(TEXTS[kind])


def short(kind: str) -> str:
    """As much of it as a line holds."""
    return quote(TEXTS[kind][:LINE])[:LINE].rpartition("%")[0] or quote(TEXTS[kind][:LINE])


def every_input(app: Flask) -> Iterator[Input]:
    for route in ROUTES:
        if route.row["needs"] == "absent":
            continue
        for at, (part, name) in enumerate(sorted(_fields(app, route))):
            # So large a body is refused before its fields are read: once a route is enough.
            yield from (Input(route, part, name, kind) for kind in TEXTS if at == 0 or kind != TOO_LONG)
        if route.is_json and route.method != "GET":
            yield from (Input(route, "body", "", kind) for kind in BODIES)
    looked_at = next(route for route in ROUTES if route.name == "GET /sign-in")
    called = next(route for route in ROUTES if route.name == "GET /api/v1/audits")
    for route in (looked_at, called):
        yield from (Input(route, "header", name, kind) for name in (*HEADERS, "") for kind in TEXTS)


def _fields(app: Flask, route: Route) -> set[tuple[str, str]]:
    endpoint = next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == route.rule and route.method in (rule.methods or ()))
    found = {("path", part.strip("<>").rpartition(":")[2]) for part in route.rule.split("/") if part.startswith("<")}
    if route.is_json:
        return found | _json_fields(app, route)
    part = "query" if route.method == "GET" else "form"
    found |= {("form", name) for name in route.row.get("send", {})} if part == "form" else set()
    found |= {one for one in _read_in(inspect.getsourcefile(inspect.unwrap(app.view_functions[endpoint]))) if one[0] == part}
    if endpoint in {"sections.save", "sections.autosave"}:
        found |= {("form", field.key) for section in FORM.sections if section.key in {"summary", "details"} for field in section.fields}
    return found


@cache
def _read_in(file: str | None) -> set[tuple[str, str]]:
    """The names that a module takes from a form or a query."""
    assert file
    calls = [node for node in ast.walk(ast.parse(Path(file).read_text())) if isinstance(node, ast.Call) and node.args]
    return {pair for call in calls for pair in _named(call)}


def _named(call: ast.Call) -> Iterator[tuple[str, str]]:
    name = call.args[0].value if isinstance(call.args[0], ast.Constant) else None
    if not isinstance(name, str):
        return
    if isinstance(call.func, ast.Name) and call.func.id == "read_date":
        yield from (("form", f"{name}-{part}") for part in ("day", "month", "year"))
    elif isinstance(call.func, ast.Attribute) and call.func.attr == "get":
        source = ast.unparse(call.func.value).rpartition(".")[2]
        if source in READS:
            yield READS[source], name


@cache
def _document(app: Flask) -> Any:
    return app.test_client().get("/api/v1/openapi.json").json


def _json_fields(app: Flask, route: Route) -> set[tuple[str, str]]:
    document = _document(app)
    described = [operations for path, operations in document["paths"].items() if _unnamed(path) == _unnamed(route.rule)]
    operation = described[0].get(route.method.lower(), {}) if described else {}
    found = {("query", one["name"]) for one in operation.get("parameters", ()) if one.get("in") == "query"}
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = document["components"]["schemas"].get(content.get("$ref", "").rpartition("/")[2], content)
    found |= {("json", name) for name in named.get("properties", ())}
    found |= (
        {("json", field.key) for field in FORM.section("area_1").fields} if "/sections/" in route.rule and route.method == "PUT" else set()
    )
    return found | {("json", name) for name in route.row.get("send", {})}


def _unnamed(path: str) -> str:
    return "/".join("*" if part[:1] in "<{" and part else part for part in path.split("/"))
