"""Guessing a password gets slower and slower, tells nothing, and locks nobody out."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import a_council, settings
from tests.web.browser import PASSWORD, text_of, token_in
from web.app import create_app

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OFFICE, HOME, STRANGER = "192.0.2.1", "192.0.2.2", "203.0.113.9"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    a_council(tmp_path).engine.dispose()
    return create_app(settings(tmp_path))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def _tries(app: Flask, password: str, email: str = "auditor@demo.example", place: str = OFFICE) -> TestResponse:
    client = app.test_client()
    token = token_in(client.get("/sign-in").get_data(as_text=True))
    form = {"csrf_token": token, "email": email, "password": password}
    return client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": place})


def test_each_failure_makes_the_next_try_wait_longer(app: Flask, clock: time_machine.Traveller) -> None:
    waited, tried = 0, 0
    while waited < 3_600 * 8:
        answer = _tries(app, "wrong")
        if answer.status_code == 429:
            clock.shift(int(answer.headers["Retry-After"]))
            waited += int(answer.headers["Retry-After"])
        else:
            assert answer.status_code == 422
            tried += 1
    print(f"{tried} guesses in eight hours from one place")
    assert tried < 45


def test_a_right_password_too_soon_is_not_even_looked_at_and_later_gets_in(app: Flask, clock: time_machine.Traveller) -> None:
    for _ in range(6):
        _tries(app, "wrong")
    answer = _tries(app, PASSWORD)
    assert answer.status_code == 429
    assert "Try again in" in text_of(answer.get_data(as_text=True))
    clock.shift(60)
    assert _tries(app, PASSWORD).status_code == 302
    assert _tries(app, "wrong").status_code == 422


def test_a_stranger_locks_nobody_out(app: Flask, clock: time_machine.Traveller) -> None:
    assert _tries(app, PASSWORD).status_code == 302
    for number in range(60):
        _tries(app, "wrong", place=f"203.0.113.{number}")
    assert _tries(app, PASSWORD, place=OFFICE).status_code == 302, "from where they are known"
    assert _tries(app, PASSWORD, place=HOME).status_code == 429
    clock.shift(61)
    assert _tries(app, PASSWORD, place=HOME).status_code == 302, "from anywhere, a minute later"


def test_one_place_that_tries_everybody_is_slowed(app: Flask, clock: time_machine.Traveller) -> None:
    statuses = [_tries(app, "wrong", email=f"{number}@demo.example", place=STRANGER).status_code for number in range(60)]
    assert statuses[:50] == [422] * 50
    assert statuses[-1] == 429


def test_who_is_known_and_who_is_not_get_the_same_answers(app: Flask, clock: time_machine.Traveller) -> None:
    told = []
    for email in ("auditor@demo.example", "nobody@demo.example"):
        answers = [_tries(app, "wrong", email=email) for _ in range(8)]
        told.append([(one.status_code, text_of(one.get_data(as_text=True))) for one in answers])
    assert told[0] == told[1]


def test_many_guesses_at_once_gain_nothing(app: Flask, clock: time_machine.Traveller) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda number: _tries(app, f"guess {number}").status_code, range(40)))
    assert statuses.count(422) <= 3
