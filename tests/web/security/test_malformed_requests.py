"""Malformed requests, on each interface and each database: answered with a sentence, never a server error."""

import io
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import World, a_council, a_world, an_audit, settings
from tests.support.postgres import a_database
from tests.web.request.test_security_headers import _everything
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.server_thread import ServerThread
from web.app import create_app
from web.cli.demo_data import load_people
from web.cli.verify_history import find_first_break
from web.council import open_council, prepare

DEEP = 100_000
ODD = (
    "\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202e", "\x1b[31m", "\r\nX-Evil: 1", "%", "_", "\\", "'", '"', "../../etc/passwd", "%00", "x" * 10_000,
    "\U0010ffff", "\ufffe", "{{7*7}}", "<script>", "=1+1", "9" * 5_000, "4294967296", "-1", "1e999", "NaN", "null", "[]", "٣", "A\u0301" * 50,
)  # fmt: skip
BODIES = {
    b"[" * DEEP: 400, b'{"a":' * DEEP: 400, b"[" * DEEP + b"]" * DEEP: 400, b'{"q": ' + b"[" * DEEP + b"]" * DEEP + b"}": 400, b'{"q": NaN}': 400,
    b'{"q": -Infinity}': 400, b'{"q": 1e999}': 422, b'{"q": ' + b"9" * 5_000 + b"}": 400, b'{"q": "a", "q": "b"}': 422, b'{"q": "\xff"}': 400,
    b'{"q": "\xed\xa0\x80"}': 422, b'{"q": "\\ud800"}': 422, b'{"state": "\\ud800"}': 422, b'{"team": "\\u0000"}': 422, b'{"\\ud800": 1}': 422,
    b'{"cursor": "\\ud800"}': 422, b"\x00": 400, b"\xfe\xff": 400, b"nul": 400, b'"': 400, b"null": 422, b"1": 422, b"[]": 422, b"": 200, b" ": 400,
    b'{"q": {"q": {"q": 1}}}': 422, b'{"__proto__": {"x": 1}}': 422, b"{" + b",".join(b'"%d": 1' % n for n in range(20_000)) + b"}": 413,
}  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    if request.param == "sqlite":
        a_council(tmp_path / "var").engine.dispose()
        yield from _made(create_app(settings(tmp_path / "var")))
    else:
        with a_database(tmp_path_factory.getbasetemp() / "postgres") as url:
            given = {"DATABASE_URL": url, "SECRET_KEY": "k" * 32}
            council = open_council(settings(tmp_path, **given))
            prepare(council)
            load_people(council, "correct horse")
            council.engine.dispose()
            yield from _made(create_app(settings(tmp_path, **given)))


def _made(app: Flask) -> Iterator[Flask]:
    # As it is served: what is not foreseen becomes a 500, which is what must not be.
    yield app
    app.extensions["council"].engine.dispose()


@pytest.fixture
def world(app: Flask) -> World:
    return a_world(app.extensions["council"])


def is_a_sentence(answer: TestResponse, where: object) -> None:
    assert answer.status_code < 500 or answer.mimetype == "application/json", where
    assert answer.status_code != 500, where
    if answer.mimetype == "application/problem+json":
        assert answer.json is not None
        assert answer.json["detail"].endswith((".", "?")), where


def test_hostile_json_is_refused_with_a_sentence(app: Flask, caller: ApiClient) -> None:
    headers = {"Authorization": f"Bearer {caller.token('qa@demo.example')}", "Content-Type": "application/json"}
    for body, status in BODIES.items():
        answer = caller.client.post("/api/v1/audits/search", data=body, headers=headers)
        is_a_sentence(answer, body[:40])
        assert answer.status_code == status, body[:40]
    print(f"{len(BODIES)} bodies")


def test_hostile_words_anywhere_in_a_request(app: Flask, world: World, caller: ApiClient) -> None:
    reference, asked = an_audit(world, at="graded", grade="inadequate"), 0
    auditor, qa = Browser(app, "auditor"), Browser(app, "qa")
    token = {"Authorization": f"Bearer {caller.token('qa@demo.example')}"}
    before = world.audit(reference)
    for odd in ODD:
        word = quote(odd, errors="replace", safe="")
        for path in (f"/audits/{word}", f"/audits/{reference}/sections/{word}", f"/audits/{reference}/moves/{word}", f"/{word}", f"/static/{word}",
                     f"/audits/{reference}/actions/{word}", f"/audits?state={word}&team={word}&strand={word}&grade={word}", f"/audits?cursor={word}",
                     f"/audits?person={word}&months={word}", f"/notices?cursor={word}", f"/tokens/{word}/revoke", f"/sign-in?next={word}"):  # fmt: skip
            for who in (auditor, qa):
                for answer in (who.get(path), who.post(path)):
                    is_a_sentence(answer, (path, answer.request.method))
                    answer.close()
                    asked += 1
        for path in (f"/audits/{word}", f"/audits?state={word}&team={word}", f"/audits?cursor={word}", f"/notices?cursor={word}", f"/actions/{word}",
                     f"/actions/{reference}-{word}", f"/audits/{reference}/sections/{word}", f"/audits?{word}={word}", f"/{word}"):  # fmt: skip
            for method in ("GET", "PUT", "PATCH", "POST", "DELETE"):
                odd_headers = {
                    name: odd.encode("utf-8", "replace").decode("latin-1").translate({10: None, 13: None})
                    for name in ("If-Match", "Idempotency-Key", "X-Odd")
                }
                is_a_sentence(caller.client.open(f"/api/v1{path}", method=method, json={"q": odd}, headers={**token, **odd_headers}), path)
                asked += 1
    print(f"{asked} requests with odd words")
    assert world.audit(reference) == before
    assert find_first_break(caller.council, [reference]) == ""


def test_hostile_cookies_and_credentials(app: Flask) -> None:
    for odd in ODD:
        value = odd.encode("utf-8", "replace").decode("latin-1").translate({10: None, 13: None})
        for headers in ({"Cookie": f"session={value}"}, {"Cookie": f"session=in.{value}"}, {"Cookie": value}):
            is_a_sentence(app.test_client(use_cookies=False).get("/audits", headers=headers), odd[:20])
        for scheme in ("Bearer", "bearer ", "Basic", value):
            answer = app.test_client().get("/api/v1/audits", headers={"Authorization": f"{scheme} {value}"})
            assert answer.status_code == 401, odd[:20]


def test_a_form_has_at_most_a_thousand_fields(app: Flask) -> None:
    client = app.test_client()
    many = "&".join(f"f{n}=1" for n in range(1_001))
    for data, kind in ((many, "application/x-www-form-urlencoded"), ("&" * 16_000_000, "application/x-www-form-urlencoded")):
        assert client.post("/sign-in", data=data, content_type=kind).status_code == 413
    parts = {f"f{n}": "1" for n in range(1_001)}
    assert client.post("/sign-in", data=parts, content_type="multipart/form-data").status_code == 413


def test_broken_forms_are_refused(app: Flask) -> None:
    browser = Browser(app, "auditor")
    for data, kind in ((b"\xff=\xff&%=%&%zz=%00", "application/x-www-form-urlencoded"), (b"x", "multipart/form-data"), (b"--x\r\nnonsense", "multipart/form-data; boundary=x"),
                       (b"--x\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n\xff\r\n--x--", "multipart/form-data; boundary=x"),
                       (b"x=1", "text/plain; charset=nonsense"), (b"{", "application/json")):  # fmt: skip
        for path in ("/sign-in", "/sign-out", "/audits/search", "/audits/new", "/stay"):
            answer = browser.client.post(path, data=data, content_type=kind)
            is_a_sentence(answer, (path, kind))
            assert answer.status_code in {400, 413}, (path, kind)


def test_a_body_that_does_not_say_how_long_it_is_has_the_same_limits(app: Flask, caller: ApiClient) -> None:
    token = caller.token("auditor@demo.example")
    cases = (
        (b'{"details": {}}', "application/json", b" 201 "), (json.dumps({"details": {"child_id": "x" * 3_000_000}}).encode(), "application/json", b" 413 "),
        (b"x" * 40_000_000, "application/json", b" 413 "), (b"{}", "text/plain", b" 415 "), (b"[" * DEEP, "application/json", b" 400 "),
    )  # fmt: skip
    server = ServerThread(app)
    for body, kind, status in cases:
        assert status in _sent_in_chunks(server.port, token, body, kind), (body[:20], kind)
    server.close()
    in_one = {"input_stream": io.BytesIO(b"x" * 3_000_000), "environ_overrides": {"wsgi.input_terminated": True}}
    answer = app.test_client().post(
        "/api/v1/audits/search", content_type="application/json", headers={"Authorization": f"Bearer {token}"}, **in_one
    )  # fmt: skip
    assert answer.status_code == 413


def _sent_in_chunks(port: int, token: str, body: bytes, kind: str) -> bytes:
    head = f"POST /api/v1/audits HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as connection:
        connection.sendall(head.encode())
        try:
            for at in range(0, len(body), 1_000_000):
                chunk = body[at : at + 1_000_000]
                connection.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            connection.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        return _everything(connection).split(b"\r\n")[0]


STRINGS = [piece for odd in ODD if len(odd) < 1_000 for piece in (odd, f"a{odd}", f"{odd}\n{odd}")]


def test_hostile_strings_through_the_json_and_through_the_pages(app: Flask, world: World, caller: ApiClient) -> None:
    reference, kept, refused = an_audit(world, at="practitioner_consulted"), 0, 0
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/area_1"
    for text in STRINGS:
        version = world.audit(reference).version
        answers: list[Any] = [
            caller.call("auditor@demo.example", "PUT", f"/audits/{reference}/sections/area_1", {"evidence": text}, If_Match=f'"{version}"'),
            caller.call("auditor@demo.example", "POST", f"/audits/{reference}/actions", {"text": text, "owner": text, "due_on": text}),
            caller.call("auditor@demo.example", "POST", f"/audits/{reference}/moves", {"move": text, "reason": text}),
            browser.post(path, seen=world.audit(reference).version, impact=text.encode("utf-8", "replace")),
            browser.post(f"{path}/autosave", seen=world.audit(reference).version, impact=text.encode("utf-8", "replace")),
            browser.post("/audits/search", q=text.encode("utf-8", "replace")),
        ]
        for answer in answers:
            is_a_sentence(answer, repr(text[:40]))
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) <= {200, 303, 422}, repr(text[:40])
        kept += sum(status < 400 for status in statuses)
        refused += statuses.count(422)
        assert caller.call("auditor@demo.example", "GET", f"/audits/{reference}").status_code == browser.get(path).status_code == 200
    print(f"{len(STRINGS) * 6} hostile strings through two doors: {kept} kept, {refused} refused")
    assert min(kept, refused) > 50
    assert find_first_break(caller.council, [reference]) == ""


def test_a_number_that_no_row_can_have_is_nobodys(app: Flask) -> None:
    ids = [rule for rule in app.url_map.iter_rules() if "<int:" in rule.rule]
    wrong, asked = [], 0
    for browser in (Browser(app, "admin"), Browser(app, "hos.ppqa")):
        browser.get("/audits")
        for number in ("2147483647", "2147483648", str(2**63), str(2**70), "9" * 4_000):
            for rule in ids:
                path = re.sub(r"<(\w+:)?\w+>", lambda found: number if found[1] == "int:" else "team", rule.rule)  # noqa: B023
                for ask in (browser.get, browser.post):
                    asked += 1
                    status = ask(path).status_code
                    wrong += [(rule.rule, number[:12], status)] * (status >= 500)
    print(f"{asked} requests for numbers beyond all rows, to {len(ids)} routes")
    assert wrong == []
    assert asked >= 200
