"""Every field of a child’s audit holds a unique word, from its first draft to its end, through every interface: none leaks.

Not into a log line, an email, a header, an address or a title, even when requests are refused or fail in the middle.
"""

import http.client
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from notifications.scheduling.worker import run_once
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.read_access.test_read_log import ways
from tests.web.support import canaries
from tests.web.support.api_client import ApiClient
from tests.web.support.canaries import AUDITOR, DUE, FIRST, NUMBERS, OWNER, Story, a_word
from tests.web.support.log_capture import CANARY, every_line
from tests.web.support.server_thread import ServerThread
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import read_transaction

READERS = ("auditor", "practitioner", "moderator", "hos.ppqa", "governance", "admin")
# Lists and notices, which name audits by their reference alone.
WORDLESS = {
    "/", "/audits", "/notices", "/readings", "/people", "/health", "/account", "/tokens", "/api/v1/notices", "/api/v1/audits", "/api/v1/health",
}  # fmt: skip
OF_THE_CASE = {
    "audits", "sections", "actions", "escalations", "remarks", "seals", "unsaved", "unsaved_forms", "connections", "emergencies", "once",
}  # fmt: skip


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


def _steps() -> tuple[Callable[[Story], None], ...]:
    return (
        canaries.begins, canaries.is_refused, _breaks_in_the_middle, canaries.is_written, canaries.is_shared_and_moderated, canaries.is_closed,
        canaries.is_looked_for,
    )  # fmt: skip


def test_no_case_text_gets_into_a_log_email_header_address_or_title(app: Flask, caller: ApiClient, smtp_server: SmtpServer) -> None:
    app.testing, council = False, app.extensions["council"]
    with every_line() as lines:
        story = Story(app, caller)
        for step in _steps():
            step(story)
        _everybody_looks(story, caller)
        _is_told_of(council, smtp_server)
        _breaks_in_the_server(app)
    in_json = [json.loads(line) for line in lines if line.startswith("{")]
    lines_with = {" ".join(line.split()[:4]): line[:500] for line in lines if CANARY.search(line)}
    typed = next(NUMBERS) - FIRST
    print(f"{typed} words; {len(lines):,} log lines, {story.heard.answers:,} answers, {len(smtp_server.taken)} emails looked at")
    assert lines_with == {}
    assert story.heard.leaks == []
    assert [str(email["Subject"]) for email in smtp_server.emails() if CANARY.search(email.as_string() + str(email.get_content()))] == []
    assert _held_outside_the_case(council) == []
    assert typed > 60
    assert len(smtp_server.taken) > 12
    assert len(in_json) == len(lines) / 2
    assert {one["reference"] for one in in_json if "reference" in one} >= {story.reference}
    assert [one for one in in_json if _names_somebody(council, one)] == []
    assert {"unexpected", "SELECT"} <= {word for line in lines for word in line.split()}


def _names_somebody(council: Council, line: dict[str, Any]) -> bool:
    """Of what production writes; `mail.log` is the mail server’s of this test."""
    people = council.store.directory().people.values()
    is_written = line["level"] != "DEBUG" and line["logger"] != "mail.log"
    return is_written and any(words in json.dumps(line, ensure_ascii=False) for one in people for words in (one.name, one.email))


@contextmanager
def _failing(council: Council, table: str, how: str) -> Iterator[None]:
    """Writing to `table` fails: in the database, or in a library whose error text quotes the value."""

    def fails(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if f"INTO {table} " in statement or f"UPDATE {table} " in statement:
            raise RuntimeError(f"{statement} {parameters}")

    if how == "in a library":
        event.listen(council.engine, "before_cursor_execute", fails)
    with council.engine.begin() as connection:
        if how == "in the database":
            for verb in ("INSERT", "UPDATE"):
                connection.exec_driver_sql(f"CREATE TRIGGER no_{verb} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END")
    yield
    if how == "in a library":
        event.remove(council.engine, "before_cursor_execute", fails)
    else:
        with council.engine.begin() as connection:
            for verb in ("INSERT", "UPDATE"):
                connection.exec_driver_sql(f"DROP TRIGGER no_{verb}")


def _breaks_in_the_middle(story: Story) -> None:
    here, statuses = f"/audits/{story.reference}", []
    for table, how in itertools.product(("sections", "history", "unsaved", "actions"), ("in the database", "in a library")):
        with _failing(story.app.extensions["council"], table, how):
            path, put = f"{here}/sections/area_1", {"evidence": a_word()}
            statuses += [
                story.page("auditor", path, seen=story.version, evidence=a_word()).status_code,
                story.page("auditor", f"{path}/autosave", seen=1, evidence=f"{a_word()}\x00").status_code,
                story.call(AUDITOR, "PUT", path, put, If_Match=f'"{story.version}"').status_code,
                story.page("auditor", f"{here}/actions/new", text=a_word(), owner=OWNER, **DUE).status_code,
            ]
    assert statuses.count(500) >= 8, statuses


def _everybody_looks(story: Story, caller: ApiClient) -> None:
    for name in READERS:
        for rule, path in ways(story.app, [story.reference], "GET"):
            if rule.rule.startswith("/api/"):
                answer = caller.call(f"{name}@demo.example", "GET", path.removeprefix("/api/v1"))
            else:
                answer = story.browser(name).get(path)
            story.heard.hear(f"{path}, for {name}", answer.headers, answer.get_data(as_text=True), is_wordless=path in WORDLESS)


def _is_told_of(council: Council, smtp_server: SmtpServer) -> None:
    """Eight weeks of reminders and chases: the server accepts, or refuses and quotes the email, or a step fails."""
    context = replace(council.worker_context, settings=replace(council.settings, mail_url=smtp_server.url))
    now = datetime.now(UTC)
    smtp_server.answers = lambda to, tries: "451 later" if to.startswith("qaro") and tries == 1 else None
    with pytest.MonkeyPatch.context() as breaking:
        breaking.setattr("notifications.delivery.messages.build", _fails_quoting)
        run_once(context, now)
    for weeks in range(1, 9):
        run_once(context, now + timedelta(weeks=weeks))


def _fails_quoting(*_: Any) -> None:
    raise ValueError(a_word())


def _breaks_in_the_server(app: Flask) -> None:
    """Outside everything that catches: what the web server itself would write of it."""
    with pytest.MonkeyPatch.context() as breaking:
        breaking.setattr(app, "wsgi_app", _fails_quoting)
        server = ServerThread(app)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", "/audits/search", f"q={a_word()}", {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        assert (answer.status, CANARY.search(answer.read().decode())) == (500, None)
        connection.close()
        server.close()


def _held_outside_the_case(council: Council) -> list[str]:
    """The tables behind emails, notices, sessions and the history hold none either."""
    with read_transaction(council.engine) as connection:
        return [
            f"{found[0]} in {table.name}"
            for table in tables.metadata.sorted_tables
            if table.name not in OF_THE_CASE
            for row in connection.execute(select(table))
            if (found := CANARY.findall(repr(tuple(row))))
        ]
