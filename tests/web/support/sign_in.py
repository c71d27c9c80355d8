"""Signing in as a browser without scripts does, step by step; and the codes that an authenticator app would show."""

import re
from typing import Any

import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from werkzeug.test import TestResponse

from tests.web.support.browser import PASSWORD, token_in
from web.cli.main import main


class Visitor:
    """Anybody’s browser, at an address of its own."""

    def __init__(self, app: Flask, address: str = "192.0.2.1", base_url: str | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        self.more: dict[str, Any] = {"environ_overrides": {"REMOTE_ADDR": address}, **({"base_url": base_url} if base_url else {})}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, **self.more)

    def send(self, page: str, path: str = "", **typed: Any) -> TestResponse:
        """The form of a page, to that page or to another."""
        shown = self.get(page)
        token = token_in(shown.get_data(as_text=True))
        here = self.more.get("base_url", "http://localhost")
        # As browsers do, where the page lets them; over https a form is refused without it.
        named = {} if shown.headers["Referrer-Policy"] == "no-referrer" else {"Referer": here + page}
        return self.client.post(path or page, data={"csrf_token": token, **typed}, headers=named, **self.more)

    def tries(self, email: str, password: str = PASSWORD) -> TestResponse:
        return self.send("/sign-in", email=email, password=password)

    def is_in(self) -> bool:
        return self.get("/audits").status_code == 200

    def cookie(self) -> str:
        found = self.client.get_cookie("session")
        assert found
        return found.value


def copy_of(app: Flask, visitor: Visitor) -> Visitor:
    """A thief with the same cookie."""
    thief = Visitor(app, "198.51.100.9")
    thief.client.set_cookie("session", visitor.cookie())
    return thief


class App:
    """An authenticator app."""

    def __init__(self, page: str) -> None:
        found = re.search(r"app-key\">([A-Z2-7 ]+)<", page)
        assert found, "no key on the page"
        self.totp = TOTP(key=found[1].replace(" ", ""))

    def shows(self) -> str:
        return str(self.totp.generate().token)


def set_up_app(visitor: Visitor, enrolment_code: str = "") -> tuple[App, list[str]]:
    """The app, and the recovery codes that were shown."""
    proof = {"proof_password": PASSWORD, "proof_enrolment_code": enrolment_code}
    assert visitor.send("/account/second-proof", **proof).status_code == 302
    app = App(visitor.get("/account/second-proof/scan").get_data(as_text=True))
    answer = visitor.send("/account/second-proof/scan", code=app.shows())
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return app, codes_on(answer)


def codes_on(page: TestResponse) -> list[str]:
    """The recovery codes that a page shows."""
    return re.findall(r"<li>([0-9a-f]{4}(?:-[0-9a-f]{4}){2})</li>", page.get_data(as_text=True))


def at_the_command_line(app: Flask, *words: str) -> str:
    """What a command prints."""
    settings = app.extensions["council"].settings
    environment = {"PRACTICE_AUDIT_DATA": str(settings.data), "PRACTICE_AUDIT_MFA_ROLES": ",".join(settings.mfa_roles)}
    return CliRunner().invoke(main, words, env=environment).output


def later(seconds: float) -> Any:
    return time_machine.travel(seconds_from_now(seconds))


def seconds_from_now(seconds: float) -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) + timedelta(seconds=seconds)
