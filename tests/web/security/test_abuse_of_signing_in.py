"""Somebody who knows a password guesses the code, strangers try to keep people out, and visitors try to fill the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event, func, select

from tests.web.support.browser import PASSWORD
from tests.web.support.sign_in import App, Visitor, copy_of, set_up_app
from web.council import Council
from web.identity.credentials.second_factor import PASSKEY
from web.identity.credentials.throttled_login import count_attempt, is_own_password
from web.identity.current_user import sign_in
from web.identity.throttling.limits import HERE, NETWORK, PROOF_ANYWHERE
from web.request.context import command_context
from workflow.directory import Person
from workflow.errors import TooManyAttempts
from workflow.storage import tables
from workflow.storage.engine import read_transaction

QA, AUDITOR = "qa@demo.example", "auditor@demo.example"
HOME = "192.0.2.1"
MORNING = datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)
# 200 rented addresses, and every network of a /48, which one customer can have: each has 256 customers’ networks.
NETWORKS = [f"203.0.113.{n}" for n in range(200)] + [f"2001:db8:7:{n << 8:x}::1" for n in range(256)]


@contextmanager
def requested_from(app: Flask, address: str) -> Iterator[None]:
    with app.test_request_context("/sign-in", environ_base={"REMOTE_ADDR": address}):
        yield


def person_with(email: str) -> Person:
    person = command_context().directory.by_email(email)
    assert person
    return person


def has_to_wait(app: Flask, kind: str, email: str, address: str) -> int:
    """Try once; return the seconds that it has to wait, or 0 where the attempt is made."""
    with requested_from(app, address):
        try:
            count_attempt(kind, email, person_with(email))
        except TooManyAttempts as refusal:
            return refusal.seconds
    return 0


def places_of(app: Flask, email: str) -> int:
    query = (
        select(func.count()).select_from(tables.places.join(tables.people)).where(tables.people.c.email == email, tables.places.c.is_whole)
    )
    with read_transaction(app.extensions["council"].engine) as connection:
        return int(connection.execute(query).scalar_one())


def has_app(app: Flask, email: str) -> tuple[Visitor, App]:
    """At home, signed in whole with a code."""
    owner = Visitor(app, HOME)
    owner.tries(email)
    phone, codes = set_up_app(owner)
    again = Visitor(app, HOME)
    again.tries(email)
    assert again.send("/sign-in/code", code=codes[0]).status_code == 302
    return owner, phone


def test_ac27_a_thief_of_the_password_gets_few_guesses_a_day_from_any_number_of_networks(app: Flask) -> None:
    with time_machine.travel(MORNING, tick=False) as clock:
        _, phone = has_app(app, QA)
        guesses = 0
        for address in cycle(NETWORKS):
            if datetime.now(UTC) >= MORNING + timedelta(days=1):
                break
            if wait := has_to_wait(app, "code", QA, address):
                clock.shift(timedelta(seconds=wait))
            else:
                guesses += 1
        chance = guesses * 3 / 10**6
        print(f"{len(NETWORKS)} networks, one day: {guesses} guesses at a code, of which 3 in a million are right: {chance:.2%}")
        assert guesses <= 310
        home, elsewhere = Visitor(app, HOME), Visitor(app, "198.51.100.4")
        assert home.tries(QA).headers["Location"] == "/sign-in/code"
        assert home.send("/sign-in/code", code=phone.shows()).status_code == 302
        elsewhere.tries(QA)
        clock.shift(PROOF_ANYWHERE.longest)
        assert elsewhere.send("/sign-in/code", code=phone.shows()).status_code == 302


def test_ac27_the_password_alone_makes_no_place_known_and_gives_no_credit(app: Flask) -> None:
    has_app(app, QA)
    assert places_of(app, QA) == 1
    answers = []
    for n in range(PROOF_ANYWHERE.free + 4):
        thief = Visitor(app, f"203.0.113.{n}")
        assert thief.tries(QA).headers.get("Location") == "/sign-in/code" or n >= PROOF_ANYWHERE.free
        answers.append(thief.send("/sign-in/code", code=f"{n:06}").status_code if n < PROOF_ANYWHERE.free else 0)
    assert answers == [422] * PROOF_ANYWHERE.free + [0] * 4
    assert has_to_wait(app, "code", QA, "198.51.100.4")
    at_one_place = [Visitor(app, "198.51.100.77").tries(QA).status_code for _ in range(HERE.free + 2)]
    assert at_one_place.count(302) <= HERE.free
    assert places_of(app, QA) == 1


def test_ac27_a_passkey_is_never_slowed_by_wrong_codes(app: Flask) -> None:
    for address in NETWORKS[:20]:
        has_to_wait(app, "code", QA, address)
    with requested_from(app, "198.51.100.4"):
        sign_in(person_with(QA), PASSKEY)
    assert places_of(app, QA) == 1
    assert has_to_wait(app, "code", QA, "198.51.100.4") == 0
    assert has_to_wait(app, "code", QA, "198.51.100.5") > 0


def test_ac27_a_sign_in_that_lacks_a_required_factor_makes_no_place_known(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.identity.current_user.needs_second_factor", lambda person: True)
    with requested_from(app, HOME):
        sign_in(person_with(AUDITOR))
        assert places_of(app, AUDITOR) == 0
        sign_in(person_with(AUDITOR), PASSKEY)
    assert places_of(app, AUDITOR) == 1


def test_ac27_a_thief_of_a_session_guesses_the_password_as_slowly_and_makes_no_place_known(app: Flask) -> None:
    owner = Visitor(app, HOME)
    owner.tries(AUDITOR)
    tried = []
    for address in NETWORKS[:30]:
        with requested_from(app, address):
            try:
                tried.append(is_own_password(person_with(AUDITOR), f"guess of {address}"))
            except TooManyAttempts:
                continue
    assert tried == [False] * PROOF_ANYWHERE.free
    with requested_from(app, HOME):
        assert is_own_password(person_with(AUDITOR), PASSWORD)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=PROOF_ANYWHERE.longest)):
        thief = copy_of(app, owner)
        assert thief.send("/account/password", old=PASSWORD, new="three wet lampposts").status_code == 302
        assert thief.is_in()
    assert places_of(app, AUDITOR) == 1


def test_ac27_addresses_that_nobody_has_make_one_row_a_network(app: Flask) -> None:
    for n, address in enumerate(NETWORKS[:5]):
        for attempt in range(NETWORK.free):
            Visitor(app, address).tries(f"nobody.{n}.{attempt}@demo.example", "wrong")
    with read_transaction(app.extensions["council"].engine) as connection:
        rows = connection.execute(select(tables.failures)).all()
    assert len(rows) == 5 + 1
    assert sorted(row.tries for row in rows) == [NETWORK.free] * 5 + [NETWORK.free * 5]
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        Visitor(app).tries(AUDITOR, "wrong")
    with read_transaction(app.extensions["council"].engine) as connection:
        assert connection.execute(select(func.count()).select_from(tables.failures)).scalar_one() == 2


@pytest.mark.parametrize("page", ["/sign-in", "/forgotten-password"])
def test_ac27_a_known_and_an_unknown_address_wait_the_same_and_cost_as_many_statements(app: Flask, page: str) -> None:
    """At one place over and over, and at many places once."""
    seen: dict[str, list[tuple[int, int]]] = {AUDITOR: [], "nobody@demo.example": []}
    council: Council = app.extensions["council"]
    with time_machine.travel(MORNING, tick=False):
        # The first of the day reads the directory.
        Visitor(app, "198.51.100.1").send(page, email="qa@demo.example", password="wrong")
        for address in [HOME] * 8 + NETWORKS[:14]:
            for email, found in seen.items():
                visitor = Visitor(app, address)
                with counted(council) as statements:
                    answer = visitor.send(page, email=email, password="wrong wrong")
                found.append((answer.status_code, len(statements)))
    assert [code for code, _ in seen[AUDITOR]].count(429) > 4
    assert seen[AUDITOR] == seen["nobody@demo.example"]


@contextmanager
def counted(council: Council) -> Iterator[list[str]]:
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        done.append(statement)

    event.listen(council.engine, "before_cursor_execute", note)
    yield done
    event.remove(council.engine, "before_cursor_execute", note)
