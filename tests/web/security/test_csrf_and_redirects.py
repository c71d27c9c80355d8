"""Requests that somebody else’s page would have a browser send, and addresses that lead elsewhere."""

from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.access_matrix.expectations import ROUTES
from tests.web.access_matrix.runner import table_digests
from tests.web.support.browser import PASSWORD, Browser, token_in

PAGES = [route for route in ROUTES if route.method != "GET" and not route.is_json and route.row["needs"] != "absent"]
ELSEWHERE = (
    "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "/\\/evil.example", "/ /evil.example", "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
    "\n//evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
    "vbscript:x", "file:///etc/passwd", "mailto:a@evil.example", "evil.example", "evil.example/path", "@evil.example", "http:evil.example",
    "https:/evil.example", "https:evil.example", "http:///evil.example", "https://localhost@evil.example", "https://localhost.evil.example",
    "//localhost@evil.example", "https://evil.example#localhost", "https://evil.example?localhost", "/%09/evil.example\x00", "/\x00/evil.example",
    "/x\r\nLocation: https://evil.example", "/x\r\nSet-Cookie: a=b", "/\u2028/evil.example", "//\u3002evil.example", "/\u200b/evil.example",
    "/\u202e/evil.example", "http://[::1]", "//[evil.example", "https://[evil", "/\ud800", "ftp://evil.example", "/\x85/evil.example", "//evil.example:80\\@x",
)  # fmt: skip
HOSTS = (
    "evil.example", "evil.example:80", "localhost.evil.example", "evil.example#", "evil.example/x", "evil.example@localhost", "localhost:80@evil.example",
    "127.0.0.1", "[::1]", "localhost:99999", "", "localhost\tevil", "xn--localhost", "a" * 300,
)  # fmt: skip


def _forged() -> Iterator[tuple[str, dict[str, str]]]:
    yield "no token", {}
    yield "an empty token", {"csrf_token": ""}
    yield "a wrong token", {"csrf_token": "x" * 91}
    yield "another’s token", {"csrf_token": "another’s"}


def test_no_page_takes_anything_without_its_own_token(app: Flask, world: World) -> None:
    reference = an_audit(world, at="shared")
    browser, other = Browser(app, "auditor"), Browser(app, "qa")
    before = table_digests(world.store.engine)
    for route, (kind, sent) in product(PAGES, _forged()):
        args = next(route.variants())
        typed = {**route.sent(args), **sent} | ({"csrf_token": other.token} if "another" in kind else {})
        answer = browser.client.post(route.path(args, reference), data=typed, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 400, (route.name, kind, answer.status_code)
        assert table_digests(world.store.engine) == before, (route.name, kind)
    assert browser.get("/audits").status_code == 200, "and is still signed in"
    print(f"{len(PAGES) * len(list(_forged()))} forged requests to {len(PAGES)} routes")


def test_a_cookie_opens_nothing_of_the_json(app: Flask, world: World) -> None:
    """No cookie is looked at there, so that there is nothing to forge."""
    reference = an_audit(world, at="shared")
    browser = Browser(app, "auditor")
    for route in (one for one in ROUTES if one.is_json and one.row["needs"] != "public"):
        args = next(route.variants())
        answer = browser.client.open(route.path(args, reference), method=route.method, json=route.sent(args), headers={"If-Match": '"1"'})
        assert answer.status_code == 401, route.name


def test_signing_in_leads_nowhere_but_here(app: Flask) -> None:
    assert len(ELSEWHERE) >= 40
    for address in ELSEWHERE:
        client = app.test_client()
        page = client.get("/sign-in", query_string={"next": address.encode("utf-8", "surrogatepass")}).get_data(as_text=True)
        typed = {"csrf_token": token_in(page), "email": "qa@demo.example", "password": PASSWORD}
        answer = client.post("/sign-in", data={**typed, "next": address.encode("utf-8", "surrogatepass").decode("utf-8", "replace")})
        assert answer.status_code == 302, repr(address)
        leads_to = answer.headers["Location"]
        assert leads_to.startswith("/"), (address, leads_to)
        assert not leads_to.startswith(("//", "/\\")), (address, leads_to)
        assert not any(letter in leads_to for letter in "\r\n\t\x00"), (address, leads_to)
        assert "Set-Cookie: a=b" not in str(answer.headers)
        assert not any(value.strip().startswith("a=b") for value in answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize("host", HOSTS, ids=repr)
def test_no_page_or_redirect_contains_the_requested_host(app: Flask, world: World, host: str) -> None:
    reference = an_audit(world, at="shared")
    browser = Browser(app, "qa")
    forwarded = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "//evil.example",
        "Forwarded": "host=evil.example",
    }
    for path in (
        "/",
        "/audits",
        f"/audits/{reference}",
        "/sign-in",
        "/nowhere",
        "/audits/zzzz-zzzz",
        "/api/v1/audits",
        "/api/v1/openapi.json",
    ):
        answer = browser.client.get(path, environ_overrides={"HTTP_HOST": host}, headers=forwarded)
        assert answer.status_code in {200, 302, 400, 401, 404}, (path, answer.status_code)
        if host not in {"127.0.0.1", "[::1]"}:
            assert "evil" not in answer.get_data(as_text=True), path
            assert "evil" not in str(answer.headers), path
