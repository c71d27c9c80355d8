"""Setting up a first factor for somebody whose role needs one takes a second person’s word, or a new council sign-in."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from tests.factories import World, a_council, settings
from tests.notifications.support.outbox_assertions import sent_notices
from tests.web.support.browser import PASSWORD, text_of
from tests.web.support.sign_in import App, Visitor, at_the_command_line, set_up_app
from web.app import create_app
from workflow.storage import tables
from workflow.storage.engine import read_transaction

QA, ADMIN = "qa@demo.example", "admin@demo.example"
BEGIN = "/account/second-proof"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A council where the QA Service and the HoS PPQA need a second factor."""
    a_council(tmp_path / "var").engine.dispose()
    made = create_app(settings(tmp_path / "var", MFA_ROLES="qa, hos_ppqa"))
    made.testing = True
    yield made
    made.extensions["council"].engine.dispose()


def signed_in(app: Flask, email: str) -> Visitor:
    visitor = Visitor(app)
    assert visitor.tries(email).status_code == 302
    return visitor


def page_of(app: Flask, name: str) -> str:
    return f"/people/{World(app.extensions['council'].store).person(name).id}"


def code_made_by(visitor: Visitor, app: Flask, name: str = "qa") -> str:
    answer = visitor.send(page_of(app, name), page_of(app, name) + "/enrolment-code", proof_password=PASSWORD)
    found = re.search(r"app-key\">([a-z2-8]{4}(?:-[a-z2-8]{4}){2})<", answer.get_data(as_text=True))
    assert found, answer.get_data(as_text=True)
    return found[1]


def tries(visitor: Visitor, code: str, password: str = PASSWORD) -> bool:
    return visitor.send(BEGIN, proof_password=password, proof_enrolment_code=code).status_code == 302


def test_ac24_a_password_alone_sets_up_no_first_factor(app: Flask) -> None:
    code, thief = code_made_by(signed_in(app, ADMIN), app), signed_in(app, QA)
    for wrong in ("", code[:-1], code[::-1], "0" * 12, "\N{SNOWMAN}\0", "x" * 100_000):
        assert not tries(thief, wrong)
    assert thief.get(f"{BEGIN}/scan").status_code == 404
    assert "Ask your Practice Audit administrator for a code." in thief.send(BEGIN).get_data(as_text=True)


def test_ac24_a_code_of_a_second_person_enrols_once(app: Flask) -> None:
    code, owner = code_made_by(signed_in(app, ADMIN), app), signed_in(app, QA)
    other = signed_in(app, QA)
    assert not tries(owner, code, "wrong")
    assert not tries(signed_in(app, "hos.ppqa@demo.example"), code)
    assert tries(other, f" {code.upper().replace('-', ' ')} ")
    phone = App(other.get(f"{BEGIN}/scan").get_data(as_text=True))
    set_up_app(owner, code)
    assert owner.is_in()
    # Confirmed with the code before it was used.
    assert "Confirm it is you" in other.send(f"{BEGIN}/scan", code=phone.shows()).get_data(as_text=True)
    assert not other.is_in()
    at_the_command_line(app, "people", "forget-second-proof", QA)
    assert not tries(signed_in(app, QA), code)


def test_a_code_ends_after_a_day_and_when_a_new_one_is_made(app: Flask, clock: Traveller) -> None:
    first, second = code_made_by(signed_in(app, ADMIN), app), code_made_by(signed_in(app, ADMIN), app)
    assert not tries(signed_in(app, QA), first)
    clock.shift(timedelta(hours=24, seconds=1))
    assert not tries(signed_in(app, QA), second)
    third = code_made_by(signed_in(app, ADMIN), app)
    clock.shift(timedelta(hours=23))
    assert tries(signed_in(app, QA), third)


def test_guessing_an_enrolment_code_is_slowed(app: Flask) -> None:
    code_made_by(signed_in(app, ADMIN), app)
    guesser = signed_in(app, QA)
    answers = [guesser.send(BEGIN, proof_password=PASSWORD, proof_enrolment_code=f"{n:012}").status_code for n in range(8)]
    assert answers.count(422) <= 4
    assert answers[-1] == 429


def test_making_a_code_is_recorded_and_told_without_the_code(app: Flask) -> None:
    administrator, council = signed_in(app, ADMIN), app.extensions["council"]
    code = code_made_by(administrator, app)
    assert [(one.event, one.who) for one in sent_notices(council)] == [("enrolment_code_made", "qa")]
    page = administrator.get(page_of(app, "qa")).get_data(as_text=True)
    assert "Enrolment code made" in text_of(page)
    assert code not in page
    with read_transaction(council.engine) as connection:
        stored = str([list(connection.execute(select(table))) for table in tables.metadata.sorted_tables])
    assert code not in stored
    assert code.replace("-", "") not in stored


def test_who_makes_a_code_proves_who_they_are_and_makes_none_for_themselves(app: Flask) -> None:
    administrator = signed_in(app, ADMIN)
    made = page_of(app, "qa") + "/enrolment-code"
    assert "Confirm it is you" in administrator.send(page_of(app, "qa"), made).get_data(as_text=True)
    assert administrator.send(page_of(app, "qa"), made, proof_password="wrong").status_code == 422
    assert administrator.send("/people", page_of(app, "admin") + "/enrolment-code", proof_password=PASSWORD).status_code == 403
    assert signed_in(app, "governance@demo.example").send("/people", made, proof_password=PASSWORD).status_code == 403
    assert administrator.send("/people", page_of(app, "auditor") + "/enrolment-code", proof_password=PASSWORD).status_code == 422
    assert "Create an enrolment code" not in administrator.get(page_of(app, "auditor")).get_data(as_text=True)
    assert sent_notices(app.extensions["council"]) == []


def test_the_operator_makes_the_first_code(app: Flask) -> None:
    code = at_the_command_line(app, "second-factor", "enrol", QA).strip()
    set_up_app(signed_in(app, QA), code)
    assert at_the_command_line(app, "second-factor", "enrol", QA).endswith("they have set up two-step verification.\n")
    assert at_the_command_line(app, "second-factor", "enrol", "auditor@demo.example").endswith("needs two-step verification.\n")
    assert at_the_command_line(app, "second-factor", "enrol", "x@demo.example") == "Nobody active here has that email address.\n"
    history = signed_in(app, "governance@demo.example").get(page_of(app, "qa")).get_data(as_text=True)
    assert "Command line" in history
