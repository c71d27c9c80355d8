"""The link in an escalation email: initials and a button, once, for one person, while they must acknowledge; and the link is nowhere else."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from time_machine import Traveller

from notifications.delivery.acknowledgement_links import acknowledge_line
from notifications.scheduling.worker import run_once
from tests.factories import NOW, World, a_council, an_audit
from tests.web.access_matrix.runner import table_digests
from tests.web.support.browser import Browser, text_of, token_in
from tests.web.support.emailed_links import emails_to, initials_at, is_ended, link_to, presses, works
from tests.web.support.roles import now_holds
from web.app import create_app
from web.council import Council
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox

CASE = ("C-1001", "Assessment", "nadequate", "Seen on the file", "Alex", "Book the visit")


@pytest.fixture
def escalated(app: Flask, world: World, clock: Traveller) -> str:
    return an_audit(world, at="shared", grade="inadequate")


def test_initials_and_a_button_acknowledge_as_that_person_and_say_how(app: Flask, world: World, escalated: str) -> None:
    works(app)
    path, person = link_to(app, "director.safeguarding"), world.person("director.safeguarding")
    answer = app.test_client().get(path)
    page = text_of(answer.get_data(as_text=True))
    assert answer.status_code == 200
    for words in (escalated, "Director", "24 November 2026", "Which are your initials?", "Acknowledge the escalation"):
        assert words in page
    assert person.name not in page
    assert presses(app.test_client(), path).status_code == 200
    recipients = {one.post: one for one in world.audit(escalated).escalation.recipients}  # type: ignore[union-attr]
    director = recipients["director"]
    assert (director.acknowledged_by, director.by_link) == (person.id, True)
    assert [one.post for one in recipients.values() if one.acknowledged_at] == ["director"]
    history = text_of(Browser(app, "hos.ppqa").get(f"/audits/{escalated}/history").get_data(as_text=True))
    assert "Escalation acknowledged, by the link in an email" in history
    assert "using the link in an email" in text_of(Browser(app, "hos.ppqa").get("/escalations").get_data(as_text=True))


def test_the_last_link_used_acknowledges_the_escalation(app: Flask, world: World, escalated: str) -> None:
    works(app)
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        assert presses(app.test_client(), link_to(app, name)).status_code == 200
    assert world.audit(escalated).escalation_state == "acknowledged"


def test_neither_email_nor_page_shows_anything_of_the_case(app: Flask, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    pages = [app.test_client().get(path).get_data(as_text=True), presses(app.test_client(), path).get_data(as_text=True)]
    for body in (*emails_to(app, "hos.ppqa", "escalation_opened"), *pages):
        assert not [words for words in CASE if words in body]


def test_opening_the_link_changes_nothing(app: Flask, world: World, escalated: str) -> None:
    """Like email scanners: open every link of an email, by GET and HEAD, more than once."""
    works(app)
    before = table_digests(app.extensions["council"].engine)
    path = link_to(app, "hos.ppqa")
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        assert app.test_client().open(path, method=method).status_code == 200
    assert table_digests(app.extensions["council"].engine) == before
    assert not [one for one in world.audit(escalated).escalation.recipients if one.acknowledged_at]  # type: ignore[union-attr]


def test_the_link_can_be_used_once(app: Flask, escalated: str) -> None:
    works(app)
    path = link_to(app, "hos.ppqa")
    assert presses(app.test_client(), path).status_code == 200
    assert is_ended(app, path)


def test_a_reminder_has_a_link_for_its_own_post_only(app: Flask, world: World, escalated: str, clock: Traveller) -> None:
    works(app)
    for days in (2, 3):
        clock.move_to(NOW + timedelta(days=days))
        works(app, NOW + timedelta(days=days))
    path = link_to(app, "head.of.service", "escalation_not_acknowledged")
    assert presses(app.test_client(), path).status_code == 200
    council: Council = app.extensions["council"]
    with read_transaction(council.engine) as connection:
        rows = connection.execute(select(outbox)).all()
    carried = {(row.event, bool(row.recipient)) for row in rows if row.body and b"/acknowledge" in row.body}
    assert carried == {("escalation_opened", True), ("escalation_not_acknowledged", True)}
    assert len({row.event for row in rows}) > 4


def test_every_try_makes_the_same_line(app: Flask, escalated: str) -> None:
    council: Council = app.extensions["council"]
    with read_transaction(council.engine) as connection:
        row = connection.execute(select(outbox).where(outbox.c.event == "escalation_opened")).first()
    assert acknowledge_line(row, council.settings) == acknowledge_line(row, council.settings) != ""


def test_no_log_line_holds_the_link(app: Flask, escalated: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    works(app)
    path, app.testing = link_to(app, "hos.ppqa"), False
    monkeypatch.setattr("web.escalations.acknowledgement_routes.read_link", int)
    with caplog.at_level(logging.DEBUG):
        assert app.test_client().get(path).status_code == 500
        presses(app.test_client(), path)
    assert "unexpected ValueError" in caplog.text
    assert path.partition("token=")[2] not in caplog.text


def test_its_form_works_behind_a_proxy_that_speaks_https(tmp_path: Path, clock: Traveller) -> None:
    """Over https the form is refused without a referrer, so the page must let one be sent to this service."""
    council = a_council(tmp_path / "var", BASE_URL="https://audits.example", PROXIES="1")
    an_audit(World(council.store), at="shared", grade="inadequate")
    run_once(council.worker_context, NOW)
    council.engine.dispose()
    app = create_app(council.settings)
    with read_transaction(app.extensions["council"].engine) as connection:
        row = connection.execute(select(outbox).where(outbox.c.event == "escalation_opened")).first()
    path = acknowledge_line(row, council.settings).partition("https://audits.example")[2]
    client, over = app.test_client(), {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "audits.example", "X-Forwarded-For": "10.0.0.1"}
    shown = client.get(path, headers=over, base_url="https://audits.example")
    assert shown.headers["Referrer-Policy"] == "same-origin"
    sent = {"csrf_token": token_in(shown.get_data(as_text=True)), "token": path.partition("token=")[2], "initials": initials_at(app, path)}
    assert (
        client.post(
            "/acknowledge", data=sent, headers={**over, "Referer": "https://audits.example/acknowledge"}, base_url="https://audits.example"
        ).status_code
        == 200
    )
    app.extensions["council"].engine.dispose()


def test_a_new_holder_acknowledges_with_the_link_in_their_reminder(app: Flask, world: World, escalated: str, clock: Traveller) -> None:
    works(app)
    council: Council = app.extensions["council"]
    now_holds(council, "head.of.service", "auditor")
    now_holds(council, "auditor2", "head_of_service:assessment")
    clock.move_to(NOW + timedelta(days=2))
    works(app, NOW + timedelta(days=2))
    assert is_ended(app, link_to(app, "head.of.service"))
    assert presses(app.test_client(), link_to(app, "auditor2", "escalation_not_acknowledged")).status_code == 200
    recipients = world.audit(escalated).escalation.recipients  # type: ignore[union-attr]
    assert [one.post for one in recipients if one.acknowledged_by == world.person("auditor2").id] == ["head_of_service"]
