"""Spans hold what a log line may hold, and no text, address or statement; an unavailable collector stops nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.factories import a_council, a_world, an_audit, settings
from tests.web.server.test_graceful_shutdown import Server
from tests.web.support.browser import Browser
from tests.web.support.log_capture import CANARY
from web.app import create_app
from web.council import Council
from web.request.logging_setup import REQUEST_FIELDS

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flask, InMemorySpanExporter]]:
    from web.operations.tracing import span_recorder

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("web.app.tracing", lambda engine: span_recorder(provider, engine))
    a_council(tmp_path / "var").engine.dispose()
    app = create_app(settings(tmp_path / "var", PROXIES="1"))
    yield app, exporter
    app.extensions["council"].engine.dispose()


def test_a_span_holds_no_text_no_address_and_no_statement(spans: tuple[Flask, InMemorySpanExporter]) -> None:
    app, exporter = spans
    reference, browser = an_audit(a_world(app.extensions["council"]), at="graded"), Browser(app, "auditor")
    browser.post(f"/audits/{reference}/sections/summary?q=quillfeather1", seen=1, case_summary="quillfeather2")
    browser.client.get(f"/audits/{reference}", headers={"traceparent": PARENT})
    made = exporter.get_finished_spans()
    said = json.dumps([json.loads(one.to_json()) for one in made])
    last = [one for one in made if one.name == "audits.show"][-1]
    within = [one for one in made if one.parent and one.parent.span_id == last.context.span_id]
    assert last.parent is not None
    assert f"{last.parent.trace_id:032x}-{last.parent.span_id:016x}" == PARENT[3:-3]
    assert set(last.attributes or {}) <= set(REQUEST_FIELDS)
    assert (last.attributes or {})["reference"] == reference
    assert {one.name for one in within} <= {"SELECT", "INSERT", "UPDATE", "BEGIN"}
    assert len(within) >= 5
    assert not [one for one in within if one.attributes or one.events]
    assert all(last.start_time <= one.start_time <= one.end_time <= last.end_time + 1_000_000 for one in within)  # type: ignore[operator]
    for word in ("case_summary", "FROM", "/audits", "@demo", "quillfeather"):
        assert word not in said
    assert not CANARY.search(said)
    print(f"{len(made)} spans, {len(within)} of the last request’s statements")


def test_an_unavailable_collector_stops_neither_a_response_nor_shutdown(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    server = Server(council)
    try:
        connection, headers, form = server.visitor()
        connection.request("POST", "/sign-in", form, headers)
        assert connection.getresponse().status == 302
        connection.close()
        server.told_to_stop()
        assert server.ended()[0] == 0
    finally:
        server.is_killed()


def test_missing_tracing_packages_stop_the_start_with_a_sentence(council: Council) -> None:
    hides = "import sys; sys.modules['opentelemetry'] = None; sys.argv[1:] = ['serve']; from web.cli.main import main; main()"
    environment = {
        **os.environ, "PRACTICE_AUDIT_DATA": str(council.settings.data), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    }  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", hides], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.strip().splitlines()[-1]) == (
        1, "OTEL_EXPORTER_OTLP_ENDPOINT needs the packages of practice-audit[tracing]: install them.",
    )  # fmt: skip
