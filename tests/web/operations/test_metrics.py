"""Metrics: only for programs with the token, what they count, and no label that identifies a person."""

import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import time_machine
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, select

from notifications import outbox as post
from notifications.scheduling.worker import run_once
from tests.factories import NOW, RULES, World, a_council, a_world, an_audit, settings
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.canaries import Story, begins, is_closed, is_shared_and_moderated, is_written
from tests.web.support.log_capture import CANARY
from web.app import create_app
from web.operations.metrics import GAUGES, PREFIX
from workflow.commands import escalations
from workflow.errors import Refusal
from workflow.storage.engine import read_transaction
from workflow.storage.tables import outbox
from workflow.working_days import add_working_days, london_day

TOKEN = "t0ken-of-the-scraper-0123"
ASKING = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    a_council(tmp_path / "var").engine.dispose()
    made = create_app(settings(tmp_path / "var", METRICS_TOKEN=TOKEN))
    yield made
    made.extensions["council"].engine.dispose()


def scraped(app: Flask) -> dict[str, float]:
    """Name and label values -> number."""
    text = app.test_client().get("/metrics", headers=ASKING).get_data(as_text=True)
    families = text_string_to_metric_families(text)
    return {" ".join((one.name.removeprefix(PREFIX), *one.labels.values())): one.value for family in families for one in family.samples}


def _of(name: str, found: dict[str, float]) -> dict[str, float]:
    return {key.split()[1]: number for key, number in found.items() if key.split()[0] == name}


def test_metrics_need_the_token(app: Flask, tmp_path: Path) -> None:
    without = create_app(settings(tmp_path / "var"))
    nowhere = app.test_client().get("/nowhere")
    for headers in (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": TOKEN},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer é"},
    ):
        answer = app.test_client().get("/metrics", headers=headers)
        assert (answer.status_code, answer.data) == (404, nowhere.data), headers
    for headers in ({}, {"Authorization": "Bearer "}, ASKING):
        assert without.test_client().get("/metrics", headers=headers).status_code == 404
    assert app.test_client().get("/metrics", headers={**ASKING, "Host": "10.0.0.7:8000"}).status_code == 200
    without.extensions["council"].engine.dispose()


def test_moves_refusals_and_responses_are_counted(app: Flask) -> None:
    world = a_world(app.extensions["council"])
    reference, browser = an_audit(world, at="graded"), Browser(app, "auditor")
    caller = ApiClient(app.extensions["council"], app.test_client())
    browser.post(f"/audits/{reference}/moves/revise")
    caller.call("auditor@demo.example", "POST", f"/audits/{reference}/moves", {"move": "grade"})
    browser.post(f"/audits/{reference}/sections/summary", seen=1, case_summary="Late.")
    browser.post(f"/audits/{reference}/moves/share", csrf_token="forged")
    browser.get("/audits/zzzz-zzzz")
    found = scraped(app)
    moves = _of("moves_total", found)
    refusals = _of("refusals_total", found)
    assert moves == {"grade": 1, "revise": 1}
    assert refusals == {"stale": 1, "wrong-form": 1, "not-found": 1}
    assert found["request_seconds_count sections.save 4xx"] == 1
    assert found["request_seconds_count audits.show 4xx"] == 1


def test_gauges_are_read_from_the_database(app: Flask) -> None:
    council = app.extensions["council"]
    world = a_world(council)
    world.now = NOW
    with time_machine.travel(NOW, tick=False) as clock:
        before = scraped(app)
        assert (before["tick_age_seconds mail"], before["escalations open"], before["outbox_waiting"]) == (math.inf, 0, 0)
        run_once(council.worker_context, NOW)
        an_audit(world, at="shared", grade="inadequate")
        clock.shift(600)
        found = scraped(app)
        with read_transaction(council.engine) as connection:
            waiting = len(connection.execute(select(outbox.c.id).where(outbox.c.state == "waiting")).all())
        assert found["outbox_waiting"] == waiting > 5
        assert found["outbox_oldest_due_seconds"] == found["outbox_oldest_unsent_seconds"] == 600
        assert found["tick_age_seconds mail"] == found["tick_age_seconds reminders"] == 600
        assert (found["escalations open"], found["acknowledgements_overdue"], found["outbox_dead"]) == (1, 0, 0)
        letter, *others = post.claim(council.engine, "x", NOW, council.notification_policy)
        post.mark_dead(council.engine, letter, "gone", NOW)
        while others:
            for other in others:
                post.mark_failed(council.engine, other, "later", NOW + timedelta(hours=1))
            others = post.claim(council.engine, "x", NOW, council.notification_policy)
        found = scraped(app)
        assert (found["outbox_dead"], found["outbox_oldest_due_seconds"], found["outbox_oldest_unsent_seconds"]) == (1, 0, 600)


def test_an_acknowledgement_is_overdue_from_the_day_after_its_deadline(app: Flask) -> None:
    council = app.extensions["council"]
    world = a_world(council)
    reference = an_audit(world, at="shared", grade="inadequate")
    due_on = add_working_days(london_day(NOW), council.notification_policy.clocks["escalation_acknowledged_working_days"])
    with time_machine.travel(datetime.combine(due_on, time(12), UTC), tick=False) as clock:
        assert scraped(app)["acknowledgements_overdue"] == 0
        clock.shift(timedelta(days=1))
        assert scraped(app)["acknowledgements_overdue"] == 3
        escalations.acknowledge(world.command_context(), world.person("head.of.service"), reference)
        assert scraped(app)["acknowledgements_overdue"] == 2


def test_a_scrape_needs_few_statements_and_writes_nothing(app: Flask) -> None:
    council, statements = app.extensions["council"], []
    an_audit(a_world(council), at="shared", grade="inadequate")
    event.listen(council.engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: statements.append(statement))
    app.test_client().get("/metrics", headers=ASKING)
    asked = [one for one in statements if not one.startswith(("BEGIN", "PRAGMA"))]
    print(f"{len(asked)} statements a scrape")
    assert len(asked) <= 6
    assert all(one.startswith("SELECT") for one in asked)


def test_an_unavailable_database_is_a_gauge_too(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    council = app.extensions["council"]
    council.engine.dispose()
    council.settings.data.joinpath("practice-audit.db").rename(council.settings.data / "away")
    council.settings.data.joinpath("practice-audit.db").mkdir()
    found = scraped(app)
    assert found["database_up"] == 0
    assert not [key for key in found if key.split()[0] in GAUGES and key != "database_up"]


LABEL = re.compile(r'(\w+)="([^"]*)"')


def test_no_label_identifies_a_person(app: Flask) -> None:
    """Take an audit with a different word in every field from its start to its end."""
    story = Story(app, ApiClient(app.extensions["council"], app.test_client()))
    for step in (begins, is_written, is_shared_and_moderated, is_closed):
        step(story)
    app.test_client().open("/quillfeather1", method="QUILLFEATHER2", headers={"X-Request-ID": "quillfeather3"})
    text = app.test_client().get("/metrics", headers=ASKING).get_data(as_text=True)
    labels = {name: {value for one, value in LABEL.findall(text) if one == name} for name, _ in LABEL.findall(text)}
    assert not CANARY.search(text)
    assert labels.keys() == {"move", "kind", "endpoint", "status", "le", "what", "state"}
    assert labels["endpoint"] <= {rule.endpoint for rule in app.url_map.iter_rules()} | {"none"}
    assert labels["kind"] <= kinds()
    assert {one for one in labels["move"] if not re.fullmatch("[a-z_]+", one)} == set()
    assert not re.search(r"@|\b[2-9a-hjkmnp-z]{4}-[2-9a-hjkmnp-z]{4}\b", re.sub(r"# .*", "", text))
    print(
        f"{len(text.splitlines()):,} lines; {len(labels['move'])} moves, {len(labels['endpoint'])} routes, kinds {sorted(labels['kind'])}"
    )
    assert labels["move"] >= RULES.audit.moves.keys() - {"waive_moderation", "revise", "withdraw", "discard"}


def kinds() -> set[str]:
    """The codes of our refusals, and the HTTP phrases of all others."""
    found, classes = {"wrong-form", "bad-request", "method-not-allowed", "unsupported-media-type", "request-entity-too-large"}, [Refusal]
    while classes:
        one = classes.pop()
        classes += one.__subclasses__()
        found.add(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", one.__name__).lower())
    return found


COUNTS = """
from web.request.log_context import RequestLogContext
from web.operations.metrics import Metrics
metrics = Metrics(lambda: {"outbox_waiting": 4})
for _ in range(TIMES):
    metrics.count(RequestLogContext("0" * 16, "POST", "moves.make", moves=("share",), status=200))
print(metrics.text().decode())
"""


def test_counts_of_processes_add_up_and_gauges_appear_once(tmp_path: Path) -> None:
    def run(times: int) -> str:
        command = [sys.executable, "-c", dedent(COUNTS).replace("TIMES", str(times))]
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    said: Callable[[str, str], Any] = lambda text, name: re.findall(rf"^{PREFIX}{name}(?:{{[^}}]*}})? ([\d.]+)$", text, re.M)  # noqa: E731
    assert said(run(3), "moves_total") == ["3.0"]
    text = run(2)
    assert (said(text, "moves_total"), said(text, "outbox_waiting")) == (["5.0"], ["4.0"])
    assert said(text, "request_seconds_count") == ["5.0"]


@pytest.mark.parametrize("house_at", ["practitioner_consulted"])
def test_a_rolled_back_move_is_not_counted(app: Flask, house_at: str) -> None:
    council = app.extensions["council"]
    world: World = a_world(council)
    reference = an_audit(world, at=house_at)
    with council.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TRIGGER no_move BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'full'); END")
    Browser(app, "auditor").post(f"/audits/{reference}/moves/grade")
    assert _of("moves_total", scraped(app)) == {}
