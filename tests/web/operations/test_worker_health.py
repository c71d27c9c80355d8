"""A worker that stops, or does half of its work, turns /health red and is shown on the QA Service’s My work, as is a date past the known bank holidays."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from notifications import outbox
from notifications.scheduling.sweep import tick
from notifications.scheduling.worker import run_once
from tests.factories import World, a_council, a_world, an_audit, settings
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.support.browser import Browser, text_of
from web.app import create_app
from web.council import Council
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.working_days import KNOWN_UNTIL

STOPPED = "Emails and reminders have"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    a_council(tmp_path / "var").engine.dispose()
    made = create_app(settings(tmp_path / "var"))
    yield made
    made.extensions["council"].engine.dispose()


@pytest.fixture
def council(app: Flask) -> Council:
    made: Council = app.extensions["council"]
    return made


def health(app: Flask) -> tuple[int, Any]:
    answer = app.test_client().get("/health")
    return answer.status_code, answer.get_json()


def my_work(app: Flask, who: str) -> str:
    return text_of(Browser(app, who).get("/").get_data(as_text=True))


def test_health_is_red_after_five_minutes_without_a_worker(app: Flask, council: Council) -> None:
    for seconds, status in ((0, 200), (299, 200), (301, 503), (86_400, 503)):
        with time_machine.travel(NOON, tick=False) as clock:
            run_once(council.worker_context, NOON)
            clock.shift(seconds)
            assert health(app)[0] == status, seconds
            print(f"no tick for {seconds} s: {status}")


@pytest.mark.parametrize("runs", ["mail", "reminders"])
def test_a_worker_that_only_sends_or_only_reminds_is_red(app: Flask, council: Council, runs: str) -> None:
    with time_machine.travel(NOON, tick=False):
        run_once(council.worker_context, NOON - timedelta(minutes=6))
        if runs == "mail":
            outbox.heartbeat(council.engine, "worker", NOON)
        else:
            tick(council.worker_context, NOON)
        status, facts = health(app)
        assert (status, facts["status"]) == (503, "red")


def test_a_tick_in_the_future_does_not_count(app: Flask, council: Council) -> None:
    with time_machine.travel(NOON, tick=False):
        run_once(council.worker_context, NOON + timedelta(days=400))
        assert health(app)[0] == 503
        tick(council.worker_context, NOON)
        outbox.heartbeat(council.engine, "worker", NOON)
        assert health(app)[0] == 200


@pytest.mark.parametrize("who", ["qa", "hos.ppqa"])
def test_qa_sees_since_when_the_worker_has_not_run(app: Flask, council: Council, who: str) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        assert f"{STOPPED} never been sent" in my_work(app, who)
        run_once(council.worker_context, NOON)
        assert STOPPED not in my_work(app, who)
        clock.shift(301)
        assert f"{STOPPED} not been sent since 25 November 2026 at 12:00pm" in my_work(app, who)
        assert STOPPED not in my_work(app, "auditor")


def test_a_date_past_the_known_bank_holidays_warns_and_stays_green(app: Flask, council: Council, caplog: pytest.LogCaptureFixture) -> None:
    world, warning, page = a_world(council), "bank holidays are known until 2028-12-31", "only known up to 31 December 2028"
    assert date(2028, 12, 31) == KNOWN_UNTIL
    with time_machine.travel(NOON, tick=False):
        world.now = NOON
        reference = an_audit(world, at="moderated")
        run_once(council.worker_context, NOON)
        assert health(app) == (200, health(app)[1] | {"bank_holidays_suffice": True, "bank_holidays_known_until": "2028-12-31"})
        assert page not in my_work(app, "qa")
        assert warning not in caplog.text
        _agree(world, reference, "2028-12-20")
        assert (health(app)[0], health(app)[1]["status"], health(app)[1]["bank_holidays_suffice"]) == (200, "ok", False)
        assert page in my_work(app, "qa")
        assert page not in my_work(app, "auditor")
        for minutes in range(0, 2 * 24 * 60, 60):
            tick(council.worker_context, NOON + timedelta(days=1, minutes=minutes))
    assert caplog.text.count(warning) == 3, "one line on each London day"


def _agree(world: World, reference: str, due_on: str) -> None:
    actions.add_action(world.command_context(), world.person("qa"), reference, NewAction("x", "practitioner@demo.example", due_on))


def test_the_latest_possible_date_does_not_stop_a_sweep(council: Council) -> None:
    world = a_world(council)
    reference = an_audit(world, at="moderated")
    _agree(world, reference, "9999-12-31")
    assert run_once(council.worker_context, world.now) > 0
    assert health_of(council)


def health_of(council: Council) -> bool:
    """Whether the far action has its next day, in the year that it is due in."""
    with council.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT remind_on FROM actions WHERE number = 2").scalar()) == "9999-12-24"


def send(council: Council, smtp: SmtpServer, at: datetime) -> None:
    """As a worker that runs once, with emails to this server."""
    run_once(replace(council.worker_context, settings=replace(council.settings, mail_url=smtp.url)), at)


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("reply", ["450 later", "554 5.7.1 relaying denied", "550 5.1.1 no such user"])
def test_health_is_red_when_every_email_was_refused_for_a_quarter_of_an_hour(
    app: Flask, council: Council, smtp: SmtpServer, reply: str
) -> None:
    world = a_world(council)
    world.now = NOON
    an_audit(world, "shared", grade="inadequate")
    smtp.answers = lambda to, tries: reply
    with time_machine.travel(NOON, tick=False) as clock:
        for minutes, status in ((0, 200), (14, 200), (15, 503)):
            clock.move_to(NOON + timedelta(minutes=minutes))
            send(council, smtp, datetime.now(UTC))
            found = health(app)
            assert (found[0], found[1]["email_refused_since"]) == (status, NOON.isoformat() if status == 503 else None), minutes
        smtp.answers = lambda to, tries: None
        clock.move_to(NOON + timedelta(minutes=30))
        an_audit(a_world(council), "shared", grade="inadequate")
        send(council, smtp, datetime.now(UTC))
        assert health(app)[0] == 200, "one is accepted"


def test_health_is_not_red_for_one_full_mailbox(app: Flask, council: Council, smtp: SmtpServer) -> None:
    world = a_world(council)
    world.now = NOON
    an_audit(world, "shared")
    with time_machine.travel(NOON, tick=False) as clock:
        smtp.answers = lambda to, tries: "452 4.2.2 full" if to.startswith("practitioner") else None
        for _ in range(3):
            send(council, smtp, datetime.now(UTC))
            assert health(app)[0] == 200
            clock.shift(timedelta(minutes=16))
