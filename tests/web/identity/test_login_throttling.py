"""After failed attempts the next has to wait, longer each time; nobody is locked out; no response shows which accounts exist."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from tests.web.support.browser import text_of
from tests.web.support.hashing_work import slow_work
from tests.web.support.sign_in import Visitor
from web.identity.throttling.limits import ANYWHERE, HERE, NETWORK, Limit, network_of
from workflow.storage import tables
from workflow.storage.engine import read_transaction

AUDITOR, STRANGERS = "auditor@demo.example", "203.0.113.7"


def test_waiting_grows_with_each_failure_and_ends(app: Flask) -> None:
    waits = []
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tick=False) as clock:
        stranger = Visitor(app, STRANGERS)
        assert [stranger.tries(AUDITOR, "wrong").status_code for _ in range(HERE.free)] == [422] * HERE.free
        for _ in range(8):
            refused = stranger.tries(AUDITOR)
            assert refused.status_code == 429
            waits.append(_seconds(refused.get_data(as_text=True)))
            clock.shift(timedelta(seconds=waits[-1]))
            assert stranger.tries(AUDITOR, "wrong").status_code == 422
        clock.shift(timedelta(seconds=HERE.longest))
        assert stranger.tries(AUDITOR).status_code == 302
        assert Visitor(app, STRANGERS).tries(AUDITOR, "wrong").status_code == 422
    print("waits after each further failure, in seconds:", waits)
    assert waits == sorted(waits)
    assert waits[0] == HERE.first
    assert waits[-1] == HERE.longest


def _seconds(page: str) -> int:
    words = text_of(page).split("Try again in ")[1].split()
    return int(words[0]) * (60 if words[1].startswith("minute") else 1)


def test_how_long_each_attempt_waits(app: Flask) -> None:
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    for name, limit in {"here": HERE, "anywhere": ANYWHERE, "network": NETWORK}.items():
        waits = [limit.wait(count, now, now) for count in range(limit.free + 12)]
        print(name, waits[limit.free - 1 :])
        assert waits[: limit.free] == [0] * limit.free
        assert waits == sorted(waits)
        assert max(waits) == limit.longest
        assert limit.wait(99, now, now + timedelta(seconds=limit.longest)) == 0
    assert Limit(1, 5, 60).wait(9, now + timedelta(days=400), now) == 60


def test_a_stranger_locks_nobody_out(app: Flask) -> None:
    """Fourteen strangers at different addresses keep failing: a person who has signed in from here before does not wait."""
    own_place = Visitor(app, "192.0.2.10")
    assert own_place.tries(AUDITOR).status_code == 302
    answers = [Visitor(app, f"203.0.113.{n}").tries(AUDITOR, "wrong").status_code for n in range(14)]
    assert answers.count(429) >= 4
    assert Visitor(app, "192.0.2.10").tries(AUDITOR).status_code == 302
    new_place = Visitor(app, "192.0.2.99")
    refused = new_place.tries(AUDITOR)
    assert refused.status_code == 429
    wait = _seconds(refused.get_data(as_text=True))
    assert wait <= ANYWHERE.longest
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=wait)):
        assert new_place.tries(AUDITOR).status_code == 302
    print(f"14 strangers: {answers.count(422)} tried, {answers.count(429)} had to wait; a new place waited {wait} s, the known one 0")


def test_concurrent_attempts_are_throttled_too(app: Flask) -> None:
    visitors = [Visitor(app, STRANGERS) for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda visitor: visitor.tries(AUDITOR, "wrong").status_code, visitors))
    print("12 at once:", answers.count(422), "tried,", answers.count(429), "waited")
    assert answers.count(422) == HERE.free


@pytest.mark.real_passwords
def test_known_and_unknown_emails_get_the_same_response_for_the_same_work(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    done: dict[str, list[list[str]]] = {AUDITOR: [], "nobody@demo.example": []}
    pages: dict[str, set[str]] = {email: set() for email in done}
    Visitor(app).tries("qa@demo.example", "wrong")
    with time_machine.travel(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), tick=False) as clock:
        for _ in range(2):
            for email in done:
                clock.shift(timedelta(minutes=10))
                visitor = Visitor(app, STRANGERS)
                token = visitor.get("/sign-in").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
                form = {"csrf_token": token, "email": email, "password": "wrong wrong"}
                with slow_work() as work:
                    answer = visitor.client.post("/sign-in", data=form, **visitor.more)
                done[email].append(work)
                assert answer.status_code == 422
                pages[email].add(answer.get_data(as_text=True).replace(email, "…").replace(token, "…"))
    assert pages[AUDITOR] == pages["nobody@demo.example"]
    assert len(pages[AUDITOR]) == 1
    assert done[AUDITOR] == done["nobody@demo.example"] == [["verify_secret m=65536,t=3,p=4"]] * 2
    assert AUDITOR not in caplog.text
    assert "wrong wrong" not in caplog.text


def test_attempts_are_stored_only_as_digests(app: Flask) -> None:
    Visitor(app, STRANGERS).tries(AUDITOR, "wrong")
    with read_transaction(app.extensions["council"].engine) as connection:
        rows = [*connection.execute(select(tables.failures)), *connection.execute(select(tables.places))]
    assert rows
    assert not [row for row in rows if AUDITOR in str(row) or STRANGERS in str(row)]
    assert network_of("2001:db8::1") == network_of("2001:db8:0:ff::1") != network_of("2001:db8:0:100::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") != network_of("192.0.2.2")
