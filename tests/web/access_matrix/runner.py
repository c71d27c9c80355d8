"""Sends requests to a real application, as each person of the matrix. The database does not change: every commit is undone."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, select
from werkzeug.test import TestResponse

from tests.web.access_matrix.actors import actors_with_usual_roles
from tests.web.access_matrix.expectations import NOWHERE, Cell
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, token_in
from web.council import Council
from workflow.storage.engine import read_transaction
from workflow.storage.tables import metadata

# A GET may record these: that somebody is still there, from where, when a token was used, and who read what.
# A reading lengthens the chain of the read log; what else lengthens one is in a table that counts.
LOG_TABLES = frozenset({"sessions", "readings", "chains", "chain_links", "tokens", "failures", "places"})
WRITE_STATEMENT = re.compile(r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+\"?(\w+)", re.IGNORECASE)
NAMES = tuple(actor.name for actor in actors_with_usual_roles() if actor.name)
CSRF = re.compile(rb'(name="(?:csrf_token|once)"[^>]*value=")[^"]*|(name="csrf-token" content=")[^"]*|(/calendar/)[\w-]{43}')


class Client:
    """`written` are the tables that the last request wrote to, or tried to; `statements`, how often it asked the database."""

    def __init__(self, app: Flask) -> None:
        self.app, self.council = app, app.extensions["council"]
        assert isinstance(self.council, Council)
        self.client = app.test_client(use_cookies=False)
        self.written: set[str] = set()
        self.statements = 0
        self.headers: dict[str, dict[str, str]] = {}
        self.csrf: dict[str, str] = {}
        event.listen(self.council.engine, "before_cursor_execute", self._note)

    def sign_in_all(self, names: Iterable[str] = NAMES) -> None:
        """Everybody’s session and token, made once, while everybody is still there."""
        caller = ApiClient(self.council, self.client)
        for name in names:
            browser = Browser(self.app, name)
            self._keep(name, browser.client, browser.token)
            self.headers[name]["Authorization"] = f"Bearer {caller.token(f'{name}@demo.example')}"
        visitor = self.app.test_client()
        self._keep("", visitor, token_in(visitor.get("/sign-in").get_data(as_text=True)))

    def ask(self, cell: Cell, reference: str, body: Any = None) -> TestResponse:
        """Send the body of the route’s row, or else `body`: text unchanged, anything else as JSON or as a form."""
        route, name = cell.route, cell.actor.name
        self.written, self.statements = set(), 0
        sent: dict[str, Any] = {}
        if route.method != "GET":
            typed = route.sent(cell.args) if body is None else body
            sent = _sent(typed) if route.is_json else {"data": {"csrf_token": self.csrf[name], **typed}}
        headers = {key: value for key, value in self.headers[name].items() if (key == "Cookie") != route.is_json}
        path, headers = route.path(cell.args, reference), {**headers, "If-Match": '"1"'}
        return self.client.open(path, method=route.method, headers=headers, buffered=True, **sent)

    def ask_nowhere(self, cell: Cell) -> TestResponse:
        return self.ask(cell, NOWHERE)

    def _keep(self, name: str, client: Any, csrf: str) -> None:
        cookie = client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        self.headers[name], self.csrf[name] = {"Cookie": f"{cookie.key}={cookie.value}"}, csrf

    def _note(self, _conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        self.statements += statement.startswith("SELECT") and "FROM sessions" not in statement
        if found := WRITE_STATEMENT.match(statement):
            self.written.add(found[1])


def _sent(body: Any) -> dict[str, Any]:
    return {"data": body, "content_type": "application/json"} if isinstance(body, str) else {"json": body}


def outcome_of(response: TestResponse) -> str:
    """The class of an answer, as `expected` has it."""
    leads_to_sign_in = response.status_code in {302, 303} and response.headers["Location"].partition("?")[0].endswith("/sign-in")
    if response.status_code == 401 or leads_to_sign_in:
        return "sign in"
    named = {403: "refused", 404: "unknown", 400: "not understood", 405: "no such method", 413: "too much", 415: "no JSON", 503: "unwell"}
    return named.get(response.status_code, "past" if response.status_code < 500 else "broken")


def bytes_of(response: TestResponse) -> tuple[object, ...]:
    """All that is seen of an answer, but the page’s own token, the address of a new calendar, the time and the request’s own id."""
    headers = sorted((name, value) for name, value in response.headers if name not in {"Date", "Set-Cookie", "X-Request-ID"})
    body = CSRF.sub(rb"\1\2\3", response.data)
    return response.status_code, headers if body == response.data else [one for one in headers if one[0] != "Content-Length"], body


@contextmanager
def roll_back_commits(engine: Engine) -> Iterator[None]:
    """Roll back every commit: a move can then be made once for each cell."""
    dialect: Any = engine.dialect
    dialect.do_commit = dialect.do_rollback
    try:
        yield
    finally:
        del dialect.do_commit


def table_digests(engine: Engine) -> Mapping[str, str]:
    """Table -> a digest of all its rows, without what a GET may record."""
    with read_transaction(engine) as connection:
        return {
            table.name: hashlib.sha256("\n".join(sorted(map(repr, connection.execute(select(table))))).encode()).hexdigest()
            for table in metadata.sorted_tables
            if table.name not in LOG_TABLES
        }
