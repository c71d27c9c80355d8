"""Signing in: a new session each time, sessions end on time, the cookie stays in its browser, easy passwords are refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from tests.factories import a_council, settings
from tests.web.support.browser import PASSWORD, text_of, token_in
from tests.web.support.sign_in import Visitor, copy_of
from web.app import create_app
from web.identity.credentials import passwords
from workflow.storage import tables
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import read_transaction, write_transaction

AUDITOR = "auditor@demo.example"
A_NEW_ONE = "three wet lampposts"


@pytest.mark.real_passwords
def test_signing_in_starts_a_new_session_and_ends_the_old_one(app: Flask) -> None:
    browser = Visitor(app)
    browser.get("/sign-in")
    planted = browser.cookie()
    browser.tries(AUDITOR)
    first = browser.cookie()
    thief = copy_of(app, browser)
    browser.client.post("/sign-in", data={"csrf_token": _token(browser), "email": "qa@demo.example", "password": PASSWORD}, **browser.more)
    assert len({planted, first, browser.cookie()}) == 3
    assert not thief.is_in()
    assert browser.is_in()
    with read_transaction(app.extensions["council"].engine) as connection:
        stored = connection.execute(select(tables.sessions)).all()
    assert [row for row in stored if browser.cookie() in str(row)] == []


def _token(browser: Visitor) -> str:
    return token_in(browser.get("/audits").get_data(as_text=True))


@pytest.mark.parametrize("how", ["sign-out", "password", "reset", "disabled", "revoked", "others"])
def test_signing_out_ends_every_copy_of_the_cookie(app: Flask, how: str) -> None:
    here, elsewhere, someone_else = Visitor(app), Visitor(app, "192.0.2.2"), Visitor(app)
    for browser in (here, elsewhere):
        assert browser.tries(AUDITOR).status_code == 302
    someone_else.tries("qa@demo.example")
    thieves = [copy_of(app, here), copy_of(app, elsewhere)]
    _end(app, here, how)
    alive = [thief.is_in() for thief in thieves]
    assert alive == {"sign-out": [False, True], "revoked": [True, False], "others": [True, False]}.get(how, [False, False])
    assert here.is_in() == (how in {"password", "revoked", "others"})
    assert someone_else.is_in()
    print(f"{how}: {alive.count(False)} of 2 copies dead, others untouched")


def _end(app: Flask, here: Visitor, how: str) -> None:
    person = app.extensions["council"].store.directory().by_email(AUDITOR)
    if how == "sign-out":
        here.send("/audits", "/sign-out")
    elif how == "password":
        assert here.send("/account/password", old=PASSWORD, new=A_NEW_ONE).status_code == 302
    elif how == "reset":
        with app.app_context():
            passwords.change(person.id, A_NEW_ONE)
    elif how == "disabled":
        with write_transaction(app.extensions["council"].engine) as connection:
            connection.execute(update(tables.people).where(tables.people.c.id == person.id).values(is_active=False))
            bump_version(connection)
    else:
        page = here.get("/account/sign-ins").get_data(as_text=True)
        which = "others" if how == "others" else page.split('name="which" value="')[1].split('"')[0]
        assert here.send("/account/sign-ins", "/account/sign-ins/end", which=which).status_code == 302


def test_a_session_that_ended_during_a_request_stays_ended(app: Flask) -> None:
    """A request in progress stores its session at the end: this must not restore a session that ended meanwhile."""
    browser = Visitor(app)
    browser.tries(AUDITOR)
    thief, engine = copy_of(app, browser), app.extensions["council"].engine

    page = app.view_functions["worklist.every"]

    def _ends_meanwhile() -> Any:
        with write_transaction(engine) as connection:
            connection.execute(tables.sessions.delete())
        return page()

    app.view_functions["worklist.every"] = _ends_meanwhile
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        browser.get("/audits")
    app.view_functions["worklist.every"] = page
    assert not thief.is_in()


def test_a_session_ends_after_half_an_hour_and_after_ten_hours(app: Flask) -> None:
    begun = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    with time_machine.travel(begun, tick=False) as clock:
        idle, busy = Visitor(app), Visitor(app)
        for browser in (idle, busy):
            browser.tries(AUDITOR)
        while busy.is_in():
            clock.shift(timedelta(minutes=25))
        lasted = datetime.now(UTC) - begun
        assert not idle.is_in()
        busy.tries(AUDITOR)
        clock.shift(timedelta(minutes=30))
        assert busy.is_in()
        clock.shift(timedelta(minutes=31))
        assert not busy.is_in()
    print(f"a busy session was over when asked after {lasted}")
    assert timedelta(hours=10) < lasted <= timedelta(hours=10, minutes=25)


def test_the_cookie_stays_in_this_browser_and_on_this_host(tmp_path: Path) -> None:
    council = a_council(tmp_path / "var")
    council.engine.dispose()
    app = create_app(settings(tmp_path / "var", BASE_URL="https://audits.example.gov.uk"))
    browser = Visitor(app, base_url="https://audits.example.gov.uk")
    cookies = [header for answer in (browser.get("/sign-in"), browser.tries(AUDITOR)) for header in answer.headers.getlist("Set-Cookie")]
    print(*(cookie.split("=", 1)[0] + "=…;" + cookie.split(";", 1)[1] for cookie in cookies), sep="\n")
    assert len(cookies) >= 2
    for cookie in cookies:
        flags = {flag.strip().lower() for flag in cookie.split(";")[1:]}
        assert cookie.startswith("__Host-session=")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
        assert not [flag for flag in flags if flag.startswith(("domain", "expires", "max-age"))]
    app.extensions["council"].engine.dispose()


# --- Passwords -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("short", "12 to 128"), ("x" * 129, "12 to 128"), ("password1234", "list of passwords"), ("auditor@demo.example", "too easy"),
        ("aaaaaaaaaaaaaaaa", "list of passwords"), ("1234567890123", "list of passwords"),
    ],
)  # fmt: skip
def test_a_password_that_others_would_guess_is_refused(app: Flask, new: str, why: str) -> None:
    browser = Visitor(app)
    browser.tries(AUDITOR)
    answer = browser.send("/account/password", old=PASSWORD, new=new)
    assert answer.status_code == 422
    assert why in text_of(answer.get_data(as_text=True))
    assert new not in answer.get_data(as_text=True)
    assert Visitor(app).tries(AUDITOR).status_code == 302


@pytest.mark.real_passwords
@pytest.mark.parametrize("new", [A_NEW_ONE, "ffff zebra quilt 𝒜𝒷 ömlaut", "wE7$ pq" * 18])
def test_any_long_password_is_accepted(app: Flask, new: str) -> None:
    browser = Visitor(app)
    browser.tries(AUDITOR)
    assert browser.send("/account/password", old="not mine", new=new).status_code == 422
    assert browser.send("/account/password", old=PASSWORD, new=new).status_code == 302
    assert Visitor(app).tries(AUDITOR).status_code == 422
    assert Visitor(app).tries(AUDITOR, new).status_code == 302
    with read_transaction(app.extensions["council"].engine) as connection:
        stored = connection.execute(select(tables.people.c.password_hash).where(tables.people.c.email == AUDITOR)).scalar_one()
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.real_passwords
@pytest.mark.parametrize("typed", ["x" * 129, "x" * 5_000, f"{PASSWORD}{' ' * 5_000}", "\x00" * 200, "ﷺ" * 128])
def test_a_password_over_the_limit_is_wrong(app: Flask, typed: str) -> None:
    visitor = Visitor(app)
    answer = visitor.tries("auditor@demo.example", typed)
    assert answer.status_code == 422
    assert not visitor.is_in()
