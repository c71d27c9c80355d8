"""Log lines of signing in and out name the account by its number: tried, throttled, done and ended. None holds an address."""

from collections.abc import Iterator

import pytest
from flask import Flask
from time_machine import Traveller

from tests.factories import World
from tests.web.operations.test_log_lines import requests_in
from tests.web.support.browser import PASSWORD, Browser, token_in
from tests.web.support.log_capture import every_line

Line = tuple[str, int, int | None]


@pytest.fixture
def lines() -> Iterator[list[str]]:
    with every_line() as said:
        yield said


def _posts(lines: list[str]) -> list[Line]:
    return [(one["endpoint"], one["status"], one.get("account")) for one in requests_in(lines) if one["method"] == "POST"]


def test_each_line_of_signing_in_names_the_account_by_its_number(app: Flask, world: World, clock: Traveller, lines: list[str]) -> None:
    auditor, qa = world.person("auditor").id, world.person("qa").id
    visitor = app.test_client()
    form = {"csrf_token": token_in(visitor.get("/sign-in").text), "email": "auditor@demo.example"}
    for password in (*["a wrong password"] * 5, PASSWORD):
        visitor.post("/sign-in", data={**form, "password": password})
    visitor.post("/sign-in", data={**form, "email": "quillfeather7@demo.example", "password": PASSWORD})
    visitor.post("/forgotten-password", data={**form, "email": "qa@demo.example"})
    browser = Browser(app, "qa")
    browser.post("/sign-out")
    assert _posts(lines) == [
        *[("sign_in.enter", 422, auditor)] * 4, *[("sign_in.enter", 429, auditor)] * 2, ("sign_in.enter", 422, None),
        ("forgotten.ask", 200, qa), ("sign_in.enter", 302, qa), ("sign_in.leave", 302, qa),
    ]  # fmt: skip
    assert not [line for line in lines if "demo.example" in line or "quillfeather" in line]


def test_a_line_of_anything_else_names_no_account(app: Flask, lines: list[str]) -> None:
    Browser(app, "qa").get("/audits")
    assert [one.get("account") for one in requests_in(lines) if one["endpoint"] != "sign_in.enter"] == [None] * 3
