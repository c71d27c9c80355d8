"""An outage of the issuer: one sentence within ten seconds, and passwords still work."""

import json
import re
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.web.identity.oidc.conftest import Opened, with_issuer
from tests.web.identity.oidc.fake_provider import Issuer
from tests.web.identity.oidc.visitor import Visitor, answered
from tests.web.support.browser import Browser
from web.identity.oidc.routes import SENTENCES

DISCOVERY = "/.well-known/openid-configuration"
DEEP = b"[" * 100_000


def _answers(path: str, status: int, body: bytes) -> Callable[[Issuer], object]:
    return lambda issuer: issuer.answers.update({path: (status, body)})


def _says(**more: object) -> Callable[[Issuer], object]:
    return lambda issuer: issuer.document.update(more)


AWAY_AT_THE_START: dict[str, Callable[[Issuer], object]] = {
    "a fault of its own": _answers(DISCOVERY, 500, b"AADSTS: it broke"),
    "not found": _answers(DISCOVERY, 404, b"{}"),
    "garbage": _answers(DISCOVERY, 200, b"<html>AADSTS"),
    "a list": _answers(DISCOVERY, 200, b"[1]"),
    "brackets without end": _answers(DISCOVERY, 200, DEEP),
    "a megabyte": _answers(DISCOVERY, 200, b'{"a": "' + b"x" * 1_000_000 + b'"}'),
    "leads elsewhere": _answers(DISCOVERY, 302, b"http://127.0.0.1:1/"),
    "another issuer’s document": _says(issuer="https://login.example/other"),
    "a document of no issuer": _says(issuer=None),
    "an unsafe address to sign in at": _says(authorization_endpoint="javascript:alert(1)"),
    "an unsafe address for tokens": _says(token_endpoint="http://login.example/token"),
    "no address for keys": _says(jwks_uri=None),
    "no answer": lambda issuer: issuer.hangs_at.add(DISCOVERY),
    "an answer byte by byte": lambda issuer: issuer.drips_at.add(DISCOVERY),
}
AWAY_AT_THE_END: dict[str, Callable[[Issuer], object]] = {
    "a fault of its own": _answers("/token", 503, b"AADSTS"),
    "too many people": _answers("/token", 429, b"AADSTS"),
    "garbage": _answers("/token", 200, b"<html>AADSTS"),
    "no keys": _answers("/keys", 500, b"AADSTS"),
    "keys that are garbage": _answers("/keys", 200, b'{"keys": [{"kty": "RSA", "n": 1}]}'),
    "keys that are not there": _answers("/keys", 200, b'{"keys": 7}'),
    "no answer": lambda issuer: issuer.hangs_at.add("/token"),
}


def is_away(visitor: Visitor, began: float, answer: TestResponse) -> str:
    seconds = time.monotonic() - began
    assert seconds < 10
    assert answer.headers["Location"].startswith("/sign-in?council=away")
    page = visitor.reads(answer)
    assert len(re.findall(re.escape(SENTENCES["away"]), page)) == 1
    assert "AADSTS" not in page
    return f"{seconds:.1f} s"


@pytest.mark.parametrize("name", AWAY_AT_THE_START)
def test_an_unavailable_issuer_gives_one_sentence(issuer: Issuer, visitor: Visitor, name: str) -> None:
    AWAY_AT_THE_START[name](issuer)
    began = time.monotonic()
    print(f"{name}: {is_away(visitor, began, visitor.start('/audits'))}")
    asked = len(issuer.asked)
    again = visitor.start("/audits")
    assert again.headers["Location"] == "/sign-in?council=away&next=/audits"
    assert len(issuer.asked) == asked, "it is left alone for a moment"


@pytest.mark.parametrize("name", AWAY_AT_THE_END)
def test_an_issuer_that_fails_halfway_gives_one_sentence(issuer: Issuer, visitor: Visitor, name: str) -> None:
    given = answered(visitor.leaves_for())
    AWAY_AT_THE_END[name](issuer)
    began = time.monotonic()
    print(f"{name}, at the end: {is_away(visitor, began, visitor.comes_back_with(**given))}")


def test_passwords_work_during_an_outage_of_the_issuer(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    issuer.hangs_at.add(DISCOVERY)
    with ThreadPoolExecutor(1) as waiting:
        hanging = waiting.submit(visitor.start)
        Browser(app, "auditor")
        assert hanging.result().headers["Location"].startswith("/sign-in?council=away")


def test_a_closed_port_gives_one_sentence(opened: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    app = opened(**with_issuer(f"http://127.0.0.1:{port}"))
    visitor, began = Visitor(app), time.monotonic()
    print(f"refused: {is_away(visitor, began, visitor.start())}")
    Browser(app, "auditor")


def test_the_issuer_can_report_its_own_outage(visitor: Visitor) -> None:
    given = answered(visitor.leaves_for())
    is_away(visitor, time.monotonic(), visitor.comes_back_with(state=given["state"], error="temporarily_unavailable"))


def test_compressed_responses_are_read(issuer: Issuer, visitor: Visitor) -> None:
    issuer.packs = True
    assert visitor.signs_in().headers["Location"] == "/"


def test_a_key_of_an_unknown_type_is_ignored(issuer: Issuer, visitor: Visitor) -> None:
    keys = [{"kty": "OKP", "crv": "X9"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "first"}, issuer.key.as_dict(private=False)]
    issuer.answers["/keys"] = (200, json.dumps({"keys": keys}).encode())
    assert visitor.signs_in().headers["Location"] == "/"
