"""The host names that the service accepts, and the proxies that it trusts about the caller."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, request

from tests.factories import a_council, settings
from tests.web.support.browser import PASSWORD, token_in
from web.app import create_app
from web.request.limits import WRONG_HOST

HOME = "https://audits.example"
FORGED = (
    "evil.example", "audits.example.evil.example", "evil.example:443", "audits.example@evil.example", "xaudits.example", "", " ", "a b",
    "audits.example/", "audits.example\\evil", '"><script>', "127.0.0.1", "localhost", "[::1]", "AUDITS.EXAMPLE.", "audits.example:99999", "é.example",
)  # fmt: skip
Make = Callable[..., Flask]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made = []

    def _make(**given: str) -> Flask:
        a_council(tmp_path / "var").engine.dispose()
        app = create_app(settings(tmp_path / "var", **given))
        made.append(app)
        return app

    yield _make
    for app in made:
        app.extensions["council"].engine.dispose()


def production(make: Make, **given: str) -> Flask:
    return make(
        ENV="production", BASE_URL=HOME, SECRET_KEY=secrets.token_urlsafe(), MAIL_FROM="audit@council.example", QA_INBOX="qa@council.example",
        MAIL_URL="smtp://mail.council.example", **given,
    )  # fmt: skip


@pytest.mark.parametrize("host", FORGED)
def test_an_unknown_host_name_is_refused_with_a_sentence(make: Make, host: str) -> None:
    client = production(make).test_client()
    for path in ("/", "/sign-in", "/nowhere", "/static/practice-audit.css", "/api/v1/audits", "/api/v1/openapi.json"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400, path
        assert WRONG_HOST in answer.get_data(as_text=True)
        assert not host.strip() or host not in answer.get_data(as_text=True)
        assert client.post(path, headers={"Host": host}).status_code == 400
    assert client.get("/sign-in", headers={"Host": "audits.example"}).status_code == 200
    assert client.get("/sign-in", headers={"Host": "audits.example:443"}).status_code == 200


@pytest.mark.parametrize("host", FORGED)
def test_a_probe_may_use_any_host_name(make: Make, host: str) -> None:
    client = production(make).test_client()
    for path in ("/health", "/api/v1/health"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 503, "no worker has ticked yet"
        assert answer.json is not None
        assert answer.json["database"] is True


def test_a_demo_accepts_the_names_of_this_machine(make: Make) -> None:
    client = make().test_client()
    statuses = [client.get("/sign-in", headers={"Host": host}).status_code for host in ("localhost:8000", "127.0.0.1", "evil.example")]
    assert statuses == [200, 200, 400]


def test_a_setting_adds_trusted_host_names(make: Make) -> None:
    client = production(make, TRUSTED_HOSTS="audits.example, audits.internal").test_client()
    statuses = [client.get("/sign-in", headers={"Host": host}).status_code for host in ("audits.example", "audits.internal", "x.example")]
    assert statuses == [200, 200, 400]


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.9", "X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, audits.example",
    "X-Forwarded-Prefix": "/evil", "Forwarded": "for=6.6.6.6;host=evil.example",
}  # fmt: skip


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [("0", ("127.0.0.1", "http", "localhost", "")), ("1", ("203.0.113.9", "https", "audits.example", "")),
     ("2", ("6.6.6.6", "http", "evil.example", ""))],
)  # fmt: skip
def test_only_the_configured_number_of_proxies_is_trusted(make: Make, proxies: str, seen: tuple[str, ...]) -> None:
    app = make(PROXIES=proxies, TRUSTED_HOSTS="localhost,audits.example,evil.example")
    found: list[tuple[object, ...]] = []
    app.before_request(lambda: found.append((request.remote_addr, request.scheme, request.host, request.root_path.rstrip("/"))))
    app.test_client().get("/sign-in", headers=FORWARDED)
    assert found == [seen]


def test_no_response_holds_an_untrusted_host_name(make: Make) -> None:
    client = make(TRUSTED_HOSTS="localhost,other.example").test_client()
    named = {"Host": "other.example", **FORWARDED}
    page = client.get("/sign-in", headers=named)
    form = {"csrf_token": token_in(page.get_data(as_text=True)), "email": "auditor@demo.example", "password": PASSWORD}
    signed_in = client.post("/sign-in", data={**form, "next": "/audits"}, headers=named)
    assert (signed_in.status_code, signed_in.headers["Location"]) == (302, "/audits")
    for path in (
        "/",
        "/audits",
        "/audits/new",
        "/tokens",
        "/nowhere",
        "//evil.example/",
        "/audits/",
        "/api/v1/audits",
        "/api/v1/openapi.json",
    ):
        answer = client.get(path, headers=named)
        said = answer.get_data(as_text=True) + str(answer.headers)
        assert "other.example" not in said, path
        assert "//evil" not in answer.headers.get("Location", ""), path
