"""The link in an escalation’s mail: one button, once, for one person, while they must acknowledge; and nothing of it anywhere else."""

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from time_machine import Traveller
from werkzeug.test import TestResponse

from notifications.acknowledging import asked_by, line, token_of
from notifications.worker import run_once
from tests.factories import NOW, House, a_council, an_audit, resolve, settings
from tests.web.asking_all import everything_in
from tests.web.browser import Browser, text_of, token_in
from tests.web.roles import leaves, now_holds
from web.app import create_app
from web.council import Council
from workflow.commands import escalations, moves
from workflow.people import folded
from workflow.storage.council import changed
from workflow.storage.engine import reading, writing
from workflow.storage.tables import connections, outbox

LINK = re.compile(r"Acknowledge: http://localhost(/acknowledge\?token=([\w-]+))")
CASE = ("C-1001", "Assessment", "nadequate", "Seen on the file", "Alex", "Book the visit")


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(NOW, tick=False) as made:
        yield made


@pytest.fixture
def escalated(app: Flask, house: House, clock: Traveller) -> str:
    return an_audit(house, at="shared", grade="inadequate")


def works(app: Flask, at: datetime = NOW) -> None:
    run_once(app.extensions["council"].parts, at)


def mails_to(app: Flask, name: str, event: str) -> list[str]:
    """The words of each mail as it was sent, in turn."""
    council: Council = app.extensions["council"]
    person = council.store.directory().by_email(f"{name}@demo.example")
    assert person
    query = select(outbox.c.body).where(outbox.c.recipient == person.id, outbox.c.event == event).order_by(outbox.c.id)
    with reading(council.engine) as connection:
        bodies = connection.execute(query).scalars().all()
    found = [message_from_bytes(body, policy=policy.default).get_body() for body in bodies]
    return [part.get_content() for part in found if part]


def link_to(app: Flask, name: str, event: str = "escalation_opened") -> str:
    """The path of the newest link that this person was sent."""
    found = LINK.search(mails_to(app, name, event)[-1])
    assert found, "the mail holds a link of its own"
    return found[1]


def presses(client: FlaskClient, path: str) -> TestResponse:
    """Opens the link and presses its button, as a browser without a session does."""
    page = client.get(path).get_data(as_text=True)
    token = token_in(page if "csrf_token" in page else client.get("/sign-in").get_data(as_text=True))
    return client.post("/acknowledge", data={"csrf_token": token, "token": path.partition("token=")[2]})


def is_ended(app: Flask, path: str) -> bool:
    """Refused when opened and when pressed, byte for byte as a forged one is; and nothing is changed by it."""
    before = everything_in(app.extensions["council"].engine)
    forged = app.test_client().get("/acknowledge?token=forged")
    answers = [app.test_client().get(path), presses(app.test_client(), path)]
    assert everything_in(app.extensions["council"].engine) == before
    assert {answer.status_code for answer in answers} in ({410}, {200, 410}, {200})
    return all(answer.status_code == 410 and answer.data == forged.data for answer in answers)


def test_one_button_acknowledges_as_that_person_and_says_how(app: Flask, house: House, escalated: str) -> None:
    works(app)
    path, person = link_to(app, "director.safeguarding"), house.person("director.safeguarding")
    answer = app.test_client().get(path)
    page = text_of(answer.get_data(as_text=True))
    assert answer.status_code == 200
    for words in (escalated, person.name, "Director", "24 November 2026", "I acknowledge this escalation"):
        assert words in page
    assert presses(app.test_client(), path).status_code == 200
    recipients = {one.post: one for one in house.audit(escalated).escalation.recipients}  # type: ignore[union-attr]
    director = recipients["director"]
    assert (director.acknowledged_by, director.by_link) == (person.id, True)
    assert [one.post for one in recipients.values() if one.acknowledged_at] == ["director"]
    history = text_of(Browser(app, "hos.ppqa").get(f"/audits/{escalated}/history").get_data(as_text=True))
    assert "Escalation acknowledged, by the link in a mail" in history
    assert "by the link in a mail" in text_of(Browser(app, "hos.ppqa").get("/escalations").get_data(as_text=True))


def test_the_last_of_them_by_link_makes_it_acknowledged(app: Flask, house: House, escalated: str) -> None:
    works(app)
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        assert presses(app.test_client(), link_to(app, name)).status_code == 200
    assert house.audit(escalated).escalation_state == "acknowledged"


def test_neither_mail_nor_page_shows_anything_of_the_case(app: Flask, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    pages = [app.test_client().get(path).get_data(as_text=True), presses(app.test_client(), path).get_data(as_text=True)]
    for body in (*mails_to(app, "hos.ppqa", "escalation_opened"), *pages):
        assert not [words for words in CASE if words in body]


def test_what_only_looks_changes_nothing(app: Flask, house: House, escalated: str) -> None:
    """As mail scanners do: every link of a mail, opened, by GET and HEAD, more than once."""
    works(app)
    before = everything_in(app.extensions["council"].engine)
    path = link_to(app, "hos.ppqa")
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        assert app.test_client().open(path, method=method).status_code == 200
    assert app.test_client().get(path).headers["Referrer-Policy"] == "no-referrer"
    assert everything_in(app.extensions["council"].engine) == before
    assert not [one for one in house.audit(escalated).escalation.recipients if one.acknowledged_at]  # type: ignore[union-attr]


def test_it_can_be_used_once(app: Flask, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    assert presses(app.test_client(), path).status_code == 200
    assert is_ended(app, path)


def test_an_acknowledgement_in_the_service_ends_it(app: Flask, house: House, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    escalations.acknowledge(house.desk(), house.person("hos.ppqa"), escalated)
    assert is_ended(app, path)
    resolved = an_audit(house, at="shared", grade="inadequate")
    works(app)
    paths = [link_to(app, name) for name in ("head.of.service", "director.safeguarding", "hos.ppqa")]
    resolve(house, resolved)
    assert all(is_ended(app, one) for one in paths)


def test_it_ends_after_fourteen_days(app: Flask, escalated: str, clock: Traveller) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    clock.move_to(NOW + timedelta(days=14) - timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 200
    clock.move_to(NOW + timedelta(days=14))
    assert is_ended(app, path)
    clock.move_to(NOW - timedelta(seconds=1))
    assert is_ended(app, path)


def test_a_link_of_an_earlier_opening_does_not_acknowledge_a_later_one(app: Flask, house: House, escalated: str, clock: Traveller) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    moves.return_for_correction(house.desk(), house.person("hos.ppqa"), escalated, "The team is wrong.")
    house.passes(hours=1)
    moves.share(house.desk(), house.person("auditor"), escalated)
    assert house.audit(escalated).escalation.number == 2  # type: ignore[union-attr]
    clock.move_to(house.now)
    assert is_ended(app, path)
    works(app, house.now)
    assert presses(app.test_client(), link_to(app, "hos.ppqa")).status_code == 200


def test_who_left_or_lost_the_post_can_not_use_it_nor_who_took_it_over(app: Flask, house: House, escalated: str) -> None:
    works(app)
    council: Council = app.extensions["council"]
    head, ppqa, director = (link_to(app, name) for name in ("head.of.service", "hos.ppqa", "director.safeguarding"))
    now_holds(council, "head.of.service", "auditor")
    now_holds(council, "auditor2", "head_of_service:assessment")
    assert is_ended(app, head)
    leaves(council, "hos.ppqa")
    assert is_ended(app, ppqa)
    # Another of the three posts is not the one that the mail was about.
    now_holds(council, "director.safeguarding", "head_of_service:assessment")
    assert is_ended(app, director)


def test_who_is_connected_to_the_child_can_not_use_it(app: Flask, house: House, escalated: str) -> None:
    works(app)
    path, council, me = link_to(app, "hos.ppqa"), app.extensions["council"], house.person("hos.ppqa").id
    with writing(council.engine) as connection:
        declared = {"person_id": me, "child_id": folded("C-1001"), "declared_by": me, "declared_at": NOW}
        connection.execute(insert(connections).values(declared))
        changed(connection)
    assert is_ended(app, path)


def test_no_letter_of_it_can_be_changed_and_nothing_else_signs_it(app: Flask, house: House, escalated: str) -> None:
    works(app)
    council: Council = app.extensions["council"]
    path, tried = link_to(app, "hos.ppqa"), 0
    token = path.partition("token=")[2]
    for at in range(len(token)):
        for letter in "Az-":
            changed_token = token[:at] + letter + token[at + 1 :]
            if changed_token != token:
                tried += 1
                assert asked_by(changed_token, council.settings) is None, at
    for other in (token[:-1], f"{token}A", f"{token}=", f" {token}", f"{token}\n", "", "é", "A" * 5000, token.swapcase()):
        tried += 1
        assert asked_by(other, council.settings) is None
    facts = asked_by(token, council.settings)
    assert facts
    other_key = settings(council.settings.data, SECRET_KEY="another key of another council")
    assert is_ended(app, f"/acknowledge?token={token_of(facts, other_key)}")
    print(f"{tried} changed links refused; a link is {len(token)} letters")


def test_a_link_is_nobody_elses_even_where_they_are_signed_in(app: Flask, house: House, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    other, own = Browser(app, "director.safeguarding"), Browser(app, "hos.ppqa")
    assert other.get(path).status_code == 410
    assert other.post("/acknowledge", token=path.partition("token=")[2]).status_code == 410
    assert not [one for one in house.audit(escalated).escalation.recipients if one.acknowledged_at]  # type: ignore[union-attr]
    assert own.post("/acknowledge", token=path.partition("token=")[2]).status_code == 200


def test_a_chase_carries_one_for_its_own_post_and_nobody_else_is_sent_any(
    app: Flask, house: House, escalated: str, clock: Traveller
) -> None:
    works(app)
    for days in (2, 3):
        clock.move_to(NOW + timedelta(days=days))
        works(app, NOW + timedelta(days=days))
    path = link_to(app, "head.of.service", "escalation_not_acknowledged")
    assert presses(app.test_client(), path).status_code == 200
    council: Council = app.extensions["council"]
    with reading(council.engine) as connection:
        rows = connection.execute(select(outbox)).all()
    carried = {(row.event, bool(row.recipient)) for row in rows if row.body and b"/acknowledge" in row.body}
    assert carried == {("escalation_opened", True), ("escalation_not_acknowledged", True)}
    assert len({row.event for row in rows}) > 4


def test_every_try_makes_the_same_line(app: Flask, escalated: str) -> None:
    council: Council = app.extensions["council"]
    with reading(council.engine) as connection:
        row = connection.execute(select(outbox).where(outbox.c.event == "escalation_opened")).first()
    assert line(row, council.settings) == line(row, council.settings) != ""


def test_no_log_line_ever_holds_it(app: Flask, escalated: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    works(app)
    path, app.testing = link_to(app, "hos.ppqa"), False
    monkeypatch.setattr("web.acknowledging.routes.read_link", int)
    with caplog.at_level(logging.DEBUG):
        assert app.test_client().get(path).status_code == 500
        presses(app.test_client(), path)
    assert "unexpected ValueError" in caplog.text
    assert path.partition("token=")[2] not in caplog.text


def test_its_form_works_behind_a_proxy_that_speaks_https(tmp_path: Path, clock: Traveller) -> None:
    """The page tells its address to nobody, so its form brings no Referer."""
    council = a_council(tmp_path / "var", BASE_URL="https://audits.example", PROXIES="1")
    an_audit(House(council.store), at="shared", grade="inadequate")
    run_once(council.parts, NOW)
    council.engine.dispose()
    app = create_app(council.settings)
    with reading(app.extensions["council"].engine) as connection:
        row = connection.execute(select(outbox).where(outbox.c.event == "escalation_opened")).first()
    path = line(row, council.settings).partition("https://audits.example")[2]
    client, over = app.test_client(), {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "audits.example", "X-Forwarded-For": "10.0.0.1"}
    page = client.get(path, headers=over, base_url="https://audits.example").get_data(as_text=True)
    sent = {"csrf_token": token_in(page), "token": path.partition("token=")[2]}
    assert client.post("/acknowledge", data=sent, headers=over, base_url="https://audits.example").status_code == 200
    app.extensions["council"].engine.dispose()
