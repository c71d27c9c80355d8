"""Log lines: JSON in production, with allowed fields only; a request ID that is safe to log; never what somebody typed."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from flask import Flask

from tests.factories import World, a_council, an_audit, settings
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.log_capture import every_line
from web.app import create_app
from web.request.logging_setup import REQUEST_FIELDS

NAMES = {"time", "level", "logger", "message", *REQUEST_FIELDS}
GOOD = ("0f8fad5b-d9cb-469f-a165-70867728950e", "a" * 32, "12345678")
BAD = (
    "",
    "short",
    "a" * 65,
    "Jane Doe of Care West",
    "jane@council.example",
    "a1b2c3d4\x00",
    'a1b2"c3d4',
    "a1b2_c3d4",
    "é" * 10,
    "../../../etc",
)


@pytest.fixture
def lines(app: Flask) -> Iterator[list[str]]:
    with every_line() as said:
        yield said


def requests_in(lines: list[str]) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in lines if line.startswith("{")]
    return [one for one in found if one["logger"] == "practice_audit.request"]


def test_a_request_logs_one_line_with_its_route_and_audit_and_no_address(app: Flask, world: World, lines: list[str]) -> None:
    reference = an_audit(world, at="graded")
    Browser(app, "auditor").get(f"/audits/{reference}/sections/summary?q=Somebody")
    said = requests_in(lines)[-1]
    assert said.keys() <= NAMES
    assert (said["method"], said["endpoint"], said["status"], said["reference"]) == ("GET", "sections.show", 200, reference)
    assert said["duration_ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", said["time"])
    assert not [line for line in lines if "Somebody" in line or f"/{reference}" in line]


def test_a_new_audit_a_refusal_and_an_unknown_address_are_logged_by_kind(
    app: Flask, world: World, caller: ApiClient, lines: list[str]
) -> None:
    reference = caller.call("auditor@demo.example", "POST", "/audits", {"details": {}}).json["reference"]
    caller.call("auditor@demo.example", "POST", f"/audits/{reference}/moves", {"move": "share"})
    app.test_client().get("/jane-dent/is-not-a-route")
    app.test_client().open("/sign-in", method="JANE")
    said = [(one["endpoint"], one["status"], one.get("refusal"), one.get("reference")) for one in requests_in(lines)]
    assert said[-4:] == [
        ("api_audits.start", 201, None, reference), ("api_audits.move", 409, "not-from-here", reference), ("none", 404, "not-found", None),
        ("none", 405, "method-not-allowed", None),
    ]  # fmt: skip
    assert requests_in(lines)[-1]["method"] == "other"
    assert not [line for line in lines if "jane" in line.lower()]


def test_a_reference_of_no_audit_is_never_logged(app: Flask, world: World, lines: list[str]) -> None:
    browser = Browser(app, "auditor")
    for typed in ("jane-dent", "zzzz-zzzz", "Jane%20Doe"):
        assert browser.get(f"/audits/{typed}").status_code == 404
    assert [one.get("reference") for one in requests_in(lines)[-3:]] == [None] * 3


@pytest.mark.parametrize(("proxies", "taken"), [("1", GOOD), ("0", ())])
def test_a_request_id_is_accepted_only_from_a_proxy_and_only_if_safe(tmp_path: Path, proxies: str, taken: tuple[str, ...]) -> None:
    a_council(tmp_path / "var").engine.dispose()
    app = create_app(settings(tmp_path / "var", PROXIES=proxies))
    with every_line() as lines:
        sent_back = {}
        for given in (*GOOD, *BAD):
            answer = app.test_client().get("/nowhere", headers={"X-Request-ID": given})
            (sent_back[given],) = answer.headers.getlist("X-Request-ID")
    assert {given for given, got in sent_back.items() if given == got} == set(taken)
    assert [one["request_id"] for one in requests_in(lines)] == list(sent_back.values())
    assert len(set(sent_back.values())) == len(GOOD + BAD)
    app.extensions["council"].engine.dispose()


def test_extra_fields_and_exception_messages_are_not_logged(lines: list[str]) -> None:
    try:
        raise ValueError("Jane Doe was seen")
    except ValueError:
        logging.getLogger("some.library").exception("it broke", extra={"child": "Jane Doe", "status": "Jane Doe"})
    said = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
    assert said["message"].startswith("unexpected ValueError in test_extra_fields")
    assert "Jane" not in str(said)


def test_an_exception_that_a_driver_ignores_is_logged_by_its_class(lines: list[str]) -> None:
    logging.getLogger("psycopg").warning("error ignored terminating %r: %s", "it", ValueError("Jane Doe was seen"))
    assert "error ignored terminating 'it': ValueError" in lines[-1]
    assert "Jane" not in str(lines)


RUNS = """
import logging, threading, warnings
from web.request.logging_setup import configure_logging
configure_logging(is_production=IN_PRODUCTION)
logging.getLogger("x").info("said %s", "once\\ntwice")
logging.getLogger("x").info("%d", "Jane Doe")
warnings.warn("an old way")
def fails():
    raise RuntimeError("Jane Doe")
thread = threading.Thread(target=fails)
thread.start()
thread.join()
fails()
"""


def test_in_production_every_line_is_json_and_quotes_nothing() -> None:
    ran = subprocess.run([sys.executable, "-c", dedent(RUNS).replace("IN_PRODUCTION", "True")], capture_output=True, text=True, check=False)
    said = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [one["logger"] for one in said] == ["x", "py.warnings", "practice_audit", "practice_audit"]
    assert [one["message"].split(" line")[0] for one in said[2:]] == ["unexpected RuntimeError in fails"] * 2
    assert "Jane" not in ran.stderr + ran.stdout
    assert ran.returncode == 1


def test_in_a_demo_the_lines_are_plain_text() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", dedent(RUNS).replace("IN_PRODUCTION", "False")], capture_output=True, text=True, check=False
    )
    assert " x INFO said once" in ran.stderr
    assert not ran.stderr.startswith("{")
