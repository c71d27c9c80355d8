"""Every kind of response has the security headers: pages, JSON, errors, redirects, files, and refusals of the server itself."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import World, a_council, an_audit, settings
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.server_thread import ServerThread
from web.app import create_app

SAID = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
KEPT = ("/static/", "/council.css")


def is_said(headers: Any, *, is_kept: bool = False, is_https: bool = False) -> None:
    for name, value in SAID.items():
        assert headers.get_all(name) == [value], name
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "camera=()" in headers["Permissions-Policy"]
    assert ("no-store" in headers.get("Cache-Control", "")) != is_kept
    assert ("Strict-Transport-Security" in headers) == is_https
    assert not re.search(r"gunicorn|werkzeug|python|\d\.\d", headers.get("Server", "").lower())


def answers(app: Flask, reference: str, token: str) -> Iterator[tuple[str, TestResponse]]:
    """Each route by each method, as a signed-in user, as a program, and as a visitor."""
    values = {
        "reference": reference,
        "action_id": f"{reference}-1",
        "section": "summary",
        "move": "share",
        "number": "1",
        "role": "team_manager",
        "kind": "team",
        "code": "care-west",
        "session": "x",
        "token": "nothing",
    }
    values |= dict.fromkeys(("token_id", "person_id", "connection_id", "delegation_id", "emergency_id", "email_id", "request_id"), "99")
    values["filename"] = "nothing.js"
    browser, nobody = Browser(app, "auditor"), app.test_client()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)
        if rule.endpoint == "sign_in.leave":
            continue
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
            where = f"{method} {path}"
            yield where, browser.client.open(path, method=method)
            yield where, browser.client.open(path, method=method, data={"csrf_token": browser.token})
            yield where, nobody.open(path, method=method)
            yield where, nobody.open(path, method=method, json={}, headers={"Authorization": f"Bearer {token}"})


def test_every_route_and_method_sends_the_headers(app: Flask, world: World, caller: ApiClient) -> None:
    app.testing = False
    reference, kinds, seen = an_audit(world, at="graded"), set(), 0
    for where, answer in answers(app, reference, caller.token("auditor@demo.example")):
        is_kept = where.split()[1].startswith(KEPT) and answer.status_code < 400
        is_said(answer.headers, is_kept=is_kept)
        kinds.add((answer.status_code, answer.mimetype))
        seen += 1
        answer.close()
    print(f"{seen} answers of {len(kinds)} kinds: {sorted(kinds)}")
    assert {status for status, _ in kinds} >= {200, 201, 302, 303, 400, 401, 404, 405, 409, 422, 428, 503}
    assert not [kind for kind in kinds if kind[0] == 500]


def test_static_files_may_be_cached_and_have_the_other_headers(app: Flask) -> None:
    static = Path(app.static_folder or "")
    served = [f"/static/{file.name}" for file in (Path(app.root_path) / "assets").iterdir() if (static / file.name).exists()]
    for path in (*served, "/council.css"):
        answer = app.test_client().get(path)
        assert answer.status_code == 200
        is_said(answer.headers, is_kept=True)
        answer.close()
    assert "no-store" in app.test_client().get("/static/nothing.css").headers["Cache-Control"]


def test_error_pages_have_the_headers(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    app.testing = False
    browser = Browser(app, "auditor")
    too_much = app.test_client().post("/sign-in", data={"email": "x" * 17_000_000})
    council = app.extensions["council"]
    monkeypatch.setattr("web.worklist.routes.fetch_audits_waiting", lambda *_: 1 / 0)
    broken = browser.get("/")
    monkeypatch.setattr("web.request.errors.render_template", lambda *_, **__: 1 / 0)
    broken_twice = browser.get("/")
    monkeypatch.undo()
    council.engine.dispose()
    monkeypatch.setattr("web.identity.sessions.read_session", lambda *_: 1 / 0)
    no_session = browser.get("/")
    for status, answer in ((413, too_much), (500, broken), (500, broken_twice), (500, no_session)):
        assert answer.status_code == status
        is_said(answer.headers)


def test_https_is_enforced_on_an_https_service(tmp_path: Path) -> None:
    a_council(tmp_path / "var").engine.dispose()
    app = create_app(settings(tmp_path / "var", BASE_URL="https://audits.example"))
    for path in ("/", "/nowhere", "/health", "/council.css"):
        is_said(app.test_client().get(path).headers, is_https=True, is_kept=path.startswith(KEPT))
    app.extensions["council"].engine.dispose()


def test_signing_out_clears_the_browser_cache(app: Flask) -> None:
    answer = Browser(app, "auditor").post("/sign-out")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    is_said(answer.headers)


RAW = {
    b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header\x00: x\r\n\r\n": b" 400 ", b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n": b" 431 ",
    b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n": b" 414 ", b"nonsense\r\n\r\n": b" 400 ",
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n": b" 413 ",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n": b" 400 ", b"GET /health HTTP/1.1\r\nHost: 10.0.0.7\r\n\r\n": b" 503 ",
    b"POST /api/v1/audits HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n": b" 400 ",
}  # fmt: skip


def test_refusals_of_the_server_have_the_headers(app: Flask) -> None:
    server = ServerThread(app)
    for asked, status in RAW.items():
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
            connection.sendall(asked)
            head, _, body = _everything(connection).partition(b"\r\n\r\n")
        assert status in head.split(b"\r\n")[0], head
        for name, value in SAID.items():
            assert f"\r\n{name}: {value}".encode() in head, (name, head)
        for beginning in (b"Content-Security-Policy: default-src 'none'", b"Cache-Control: no-store", b"Permissions-Policy: "):
            assert beginning in head
        assert not re.search(rb"server: (?!web\r)", head.lower())
        assert b"gunicorn" not in (head + body).lower()
    server.close()
    print(f"{len(RAW)} raw requests")


def _everything(connection: socket.socket) -> bytes:
    received = b""
    # The server may have closed the connection already.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
    with suppress(ConnectionResetError):
        while more := connection.recv(65_536):
            received += more
    return received
