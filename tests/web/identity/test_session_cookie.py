"""The session cookie: its attributes, how long it is valid, and that its value is random."""

from collections.abc import Iterator
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.factories import NOW, World, a_council, an_audit, settings
from tests.web.support.browser import PASSWORD, Browser, token_in
from web.app import create_app

OWN = "https://audits.example"


class Keeping(FlaskClient):
    """Collects every cookie that a response sets."""

    origin, set_cookies = "http://localhost", list[str]()

    def open(self, *args: Any, **more: Any) -> TestResponse:
        headers = {"Referer": f"{self.origin}/", **(more.pop("headers", None) or {})}
        answer = super().open(*args, **{"base_url": self.origin, **more}, headers=headers)
        self.set_cookies += answer.headers.getlist("Set-Cookie")
        return answer


@pytest.fixture(params=["http://localhost", OWN])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    a_council(tmp_path / "var").engine.dispose()
    made = create_app(settings(tmp_path / "var", BASE_URL=request.param))
    made.test_client_class = type("Client", (Keeping,), {"origin": request.param, "set_cookies": []})
    yield made
    made.extensions["council"].engine.dispose()


def _walk(app: Flask) -> list[Morsel[str]]:
    """The cookies set for a visitor, for a refused sign-in, and for a person who signs in, works and signs out."""
    visitor, browser = app.test_client(), Browser(app, "auditor")
    for path in ("/", "/sign-in", "/nowhere", "/health", "/api/v1/audits"):
        visitor.get(path)
    visitor.post("/sign-in", data={"email": "auditor@demo.example", "password": "wrong"})
    reference = browser.post("/audits/new").headers["Location"].split("/")[2]
    browser.post(f"/audits/{reference}/sections/summary", seen=1, case_summary="Tamsin was seen.")
    for path in ("/", f"/audits/{reference}", "/account", "/sign-out"):
        browser.get(path)
    browser.post("/stay")
    browser.post("/sign-out")
    browser.get("/")
    assert issubclass(app.test_client_class or FlaskClient, Keeping)
    return [morsel for line in app.test_client_class.set_cookies for morsel in SimpleCookie(line).values()]  # type: ignore[union-attr]


def test_no_script_other_site_or_other_host_gets_a_cookie(served: Flask) -> None:
    cookies, is_https = _walk(served), served.extensions["council"].settings.is_https
    assert len(cookies) > 3
    for cookie in cookies:
        assert cookie["httponly"], cookie
        assert cookie["samesite"] in {"Lax", "Strict"}, cookie
        assert (cookie["path"], cookie["domain"]) == ("/", ""), cookie
        assert bool(cookie["secure"]) == is_https, cookie
        assert cookie.key.startswith("__Host-") == is_https, cookie
        # A session cookie: deleted when the browser closes.
        assert not cookie["max-age"] or int(cookie["max-age"]) == 0, cookie
    print(f"{len(cookies)} cookies set, {'over HTTPS' if is_https else 'in the demo'}, named {sorted({one.key for one in cookies})}")


def test_the_cookie_holds_no_name_and_no_text(served: Flask) -> None:
    values = {cookie.value for cookie in _walk(served)}
    said = " ".join(values).lower()
    assert not [words for words in ("auditor", "demo.example", "amara", "tamsin", "seen") if words in said]


def test_each_sign_in_gets_a_new_value(app: Flask) -> None:
    name, planted = app.config["SESSION_COOKIE_NAME"], "in." + "x" * 43
    browsers = [Browser(app, "auditor") for _ in range(2)]
    values = {cookie.value for browser in browsers if (cookie := browser.client.get_cookie(name))}
    assert len(values) == 2
    client = app.test_client()
    client.set_cookie(name, planted)
    form = {"csrf_token": token_in(client.get("/sign-in").get_data(as_text=True)), "email": "auditor@demo.example", "password": PASSWORD}
    client.post("/sign-in", data=form)
    thief = app.test_client()
    thief.set_cookie(name, planted)
    assert (client.get("/audits").status_code, thief.get("/audits").status_code) == (200, 302)


@pytest.mark.parametrize(("away", "is_in"), [(timedelta(minutes=29), True), (timedelta(minutes=31), False)])
def test_half_an_hour_without_a_request_ends_the_session(app: Flask, away: timedelta, is_in: bool) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        clock.shift(away)
        assert (browser.get("/audits").status_code == 200) == is_in
        # An ended session stays ended, even if the clock goes back.
        clock.shift(timedelta(minutes=1))
        assert (browser.get("/account").status_code == 200) == is_in


def test_ten_hours_end_a_busy_session(app: Flask) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        for minutes in range(20, 601, 20):
            clock.shift(timedelta(minutes=20))
            assert browser.get("/audits").status_code == 200, minutes
        clock.shift(timedelta(seconds=1))
        assert browser.get("/audits").status_code == 302


def test_a_form_that_was_open_for_nine_hours_is_accepted(app: Flask, world: World) -> None:
    """Its CSRF token lasts as long as the session, which other pages have extended."""
    reference = an_audit(world, at="practitioner_consulted")
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        path, version = f"/audits/{reference}/sections/area_1", world.audit(reference).version
        opened_with = browser.token
        for _ in range(27):
            clock.shift(timedelta(minutes=20))
            browser.get("/audits")
        browser.token = opened_with
        assert browser.post(path, seen=version, evidence="Written since the morning.").status_code == 303
    assert world.audit(reference).answer("area_1", "evidence") == "Written since the morning."


def test_a_session_ended_elsewhere_works_nowhere(app: Flask) -> None:
    here, there = Browser(app, "auditor"), Browser(app, "auditor")
    assert "End all other sign-ins" in here.get("/account/sign-ins").get_data(as_text=True)
    here.post("/account/sign-ins/end", which="others")
    statuses = {path: there.get(path).status_code for path in ("/", "/audits", "/account", "/notices", "/api/v1/audits")}
    assert statuses == {"/": 302, "/audits": 302, "/account": 302, "/notices": 302, "/api/v1/audits": 401}
    assert there.post("/stay").status_code in {400, 401}
    assert here.get("/audits").status_code == 200
