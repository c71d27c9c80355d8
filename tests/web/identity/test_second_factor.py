"""Two-step verification: set up by the person, required by role; each code is accepted once; the secret is stored encrypted."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from config.settings import BadSetting
from tests.factories import a_council, settings
from tests.web.support.browser import PASSWORD, text_of
from tests.web.support.sign_in import Visitor, at_the_command_line, copy_of, set_up_app
from web.app import create_app
from workflow.storage import tables
from workflow.storage.engine import read_transaction

QA = "qa@demo.example"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Flask]:
    """A council where the QA Service needs a second factor."""
    a_council(tmp_path / "strict").engine.dispose()
    made = create_app(settings(tmp_path / "strict", MFA_ROLES="qa, hos_ppqa"))
    made.testing = True
    yield made
    made.extensions["council"].engine.dispose()


def test_a_code_signs_in_once_and_the_password_alone_does_not(app: Flask) -> None:
    browser = Visitor(app)
    browser.tries(QA)
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC), tick=False) as clock:
        browser.tries(QA)
        phone, _ = set_up_app(browser)
        halfway = Visitor(app)
        assert halfway.tries(QA).headers["Location"] == "/sign-in/code"
        assert not halfway.is_in()
        replayed = halfway.send("/sign-in/code", code=phone.shows())
        assert replayed.status_code == 422
        clock.shift(30)
        code = phone.shows()
        assert halfway.send("/sign-in/code", code=f" {code[:3]} {code[3:]}").status_code == 302
        assert halfway.is_in()
        second = Visitor(app)
        second.tries(QA)
        assert second.send("/sign-in/code", code=code).status_code == 422
        assert not second.is_in()
        clock.shift(30)
        assert second.send("/sign-in/code", code=phone.shows()).status_code == 302


def test_a_recovery_code_signs_in_once(app: Flask) -> None:
    browser = Visitor(app)
    browser.tries(QA)
    _, codes = set_up_app(browser)
    assert len(set(codes)) == 10
    for code, allowed in ((codes[3], True), (codes[3], False), (codes[9].upper(), True)):
        visitor = Visitor(app)
        visitor.tries(QA)
        assert (visitor.send("/sign-in/code", code=code).status_code == 302) == allowed
        assert visitor.is_in() == allowed
    assert "8 recovery codes left" in text_of(browser.get("/account").get_data(as_text=True))


def test_the_secret_is_in_no_table_and_no_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    browser = Visitor(app)
    browser.tries(QA)
    phone, codes = set_up_app(browser)
    key = phone.totp.base32_key
    with read_transaction(app.extensions["council"].engine) as connection:
        stored = str([list(connection.execute(select(table))) for table in (tables.accounts, tables.recovery_codes, tables.sessions)])
    assert "enckey" in stored
    assert not [words for words in (key, phone.totp.hex_key, *codes, PASSWORD) if words in stored or words in caplog.text]


def test_a_pending_sign_in_ends_with_a_new_password_and_after_ten_minutes(app: Flask) -> None:
    browser = Visitor(app)
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC), tick=False) as clock:
        browser.tries(QA)
        phone, _ = set_up_app(browser)
        slow, quick = Visitor(app), Visitor(app)
        slow.tries(QA)
        clock.shift(timedelta(minutes=11))
        assert slow.get("/sign-in/code").status_code == 302
        quick.tries(QA)
        browser.send("/account/password", old=PASSWORD, new="three wet lampposts")
        assert quick.get("/sign-in/code").status_code == 302
        clock.shift(30)
        again = Visitor(app)
        again.tries(QA, "three wet lampposts")
        page = again.get("/sign-in/code").get_data(as_text=True)
        assert copy_of(app, again).get("/account").status_code == 302
        assert "Enter a security code" in page
        assert again.send("/sign-in/code", code=phone.shows()).status_code == 302


def test_guessing_security_codes_is_throttled(app: Flask) -> None:
    browser = Visitor(app)
    browser.tries(QA)
    set_up_app(browser)
    guesser = Visitor(app, "203.0.113.7")
    guesser.tries(QA)
    answers = [guesser.send("/sign-in/code", code=f"{n:06}").status_code for n in range(8)]
    print("8 guesses:", answers)
    assert answers.count(422) <= 4


def test_a_required_second_factor_must_be_set_up_first(strict: Flask) -> None:
    browser, other = Visitor(strict), Visitor(strict)
    assert browser.tries(QA).status_code == 302
    for path in ("/", "/audits", "/notices", "/account", "/account/password", "/audits/new"):
        answer = browser.get(path)
        assert answer.headers.get("Location") == "/account/second-proof", path
    assert browser.send("/account/second-proof", "/audits/new").headers["Location"] == "/account/second-proof"
    assert browser.send("/account/second-proof", "/stay").status_code == 403
    assert "Set up two-step verification first" in browser.get("/account/second-proof").get_data(as_text=True)
    assert browser.send("/account/second-proof", proof_password=PASSWORD).status_code == 422
    _, codes = set_up_app(browser, at_the_command_line(strict, "second-factor", "enrol", QA).strip())
    assert browser.is_in()
    assert browser.send("/account/second-proof", "/account/second-proof/remove", proof_code=codes[1]).status_code == 422
    other.tries("auditor@demo.example")
    assert other.is_in()
    again = Visitor(strict)
    again.tries(QA)
    assert not again.is_in()
    again.send("/sign-in/code", code=codes[0])
    assert again.is_in()


def test_the_password_alone_can_not_replace_the_app(app: Flask) -> None:
    before, owner = Visitor(app), Visitor(app)
    before.tries(QA)
    owner.tries(QA)
    _, codes = set_up_app(owner)
    for visitor in (before, owner):
        assert visitor.send("/account/second-proof", proof_password=PASSWORD).status_code == 422
        assert visitor.get("/account/second-proof/scan").status_code == 404
    assert owner.send("/account/second-proof", proof_code=codes[0]).status_code == 302


def test_the_qr_code_is_an_svg_without_style(app: Flask) -> None:
    browser = Visitor(app)
    browser.tries(QA)
    assert browser.get("/account/second-proof/qr.svg").status_code == 404
    browser.send("/account/second-proof", proof_password=PASSWORD)
    picture = browser.get("/account/second-proof/qr.svg")
    text = picture.get_data(as_text=True)
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    assert "style" not in text
    assert "script" not in text


@pytest.mark.parametrize("roles", ["qa;admin", "qa,,admin", "boss"])
def test_an_unknown_role_in_mfa_roles_stops_the_start(tmp_path: Path, roles: str) -> None:
    with pytest.raises(BadSetting, match="MFA_ROLES"):
        a_council(tmp_path / "var", MFA_ROLES=roles)


def test_after_a_reset_the_password_alone_signs_in(app: Flask) -> None:
    browser = Visitor(app)
    browser.tries(QA)
    set_up_app(browser)
    assert (
        at_the_command_line(app, "people", "forget-second-proof", QA)
        == f"{QA} no longer has two-step verification, is signed out everywhere, and gets an email about it.\n"
    )
    assert not browser.is_in()
    assert browser.tries(QA).headers["Location"] == "/"
    for who in (QA, "nobody@demo.example"):
        assert (
            at_the_command_line(app, "people", "forget-second-proof", who)
            == "Nobody here with that email address has two-step verification.\n"
        )
