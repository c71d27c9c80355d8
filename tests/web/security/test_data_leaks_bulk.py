"""Canaries in every field of many audits, with their reminders and digests: none in an email, a log line, a link, a list or a metric."""

import html
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from notifications.scheduling.worker import run_once
from tests.factories import NOW, a_council, a_world
from tests.notifications.support.outbox_assertions import in_london
from tests.notifications.support.smtp_server import SmtpServer, without_reference
from tests.resilience.support.fork_server import a_memory_folder
from tests.support.bar_table import Bar
from tests.web.read_access.test_read_log import NEVER_CALLED
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.bulk_canaries import Life, a_life
from tests.web.support.log_capture import CANARY, Heard, every_line_of_the_service
from web.app import create_app
from web.council import Council

READERS = (
    "auditor",
    "practitioner",
    "team.manager",
    "moderator",
    "qa",
    "head.of.service",
    "director.safeguarding",
    "hos.ppqa",
    "governance",
    "admin",
)
LISTS_OF_THE_PROGRAM = ("/audits", "/notices", "/escalations", "/health")
NEXT_PAGE = re.compile(r'href="(/[^"]*[?&;]cursor=[^"]*)"')
# The news, each day’s chases, and then the mornings of two months: what is due soon, today, overdue, not shared, not moderated.
COMES = (NOW, *(in_london(date(2026, 11, 24) + timedelta(days=day), 8, 1) for day in (0, 1, 2, 3, 7, 14, 28, 56)))
MOST_PAGES = 500
# Each end, with each grade, with each question that was left unanswered.
KINDS = 7 * 3 * 4


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    folder = a_memory_folder(tmp_path)
    a_council(folder / "var").engine.dispose()
    made = create_app(a_council(folder / "var").settings)
    yield made
    made.extensions["council"].engine.dispose()
    shutil.rmtree(folder)


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


def _leaks_nothing(app: Flask, smtp_server: SmtpServer, count: int) -> None:
    council: Council = app.extensions["council"]
    leaks, lines, seen = Counter[str](), 0, time.monotonic()
    lives: list[Life] = []
    with every_line_of_the_service() as said:
        for number in range(count):
            lives.append(a_life(a_world(council), number))
            lines += _sift(said, leaks)
        sent, kinds = _is_told_of(council, smtp_server, leaks)
        lines += _sift(said, leaks)
        heard = _everybody_looks(app, lives)
        lines += _sift(said, leaks)
    words = sum(life.fields for life in lives)
    print(
        f"{count:,} audits, {words:,} words; {lines:,} log lines, {sent:,} emails of {len(kinds)} kinds, {heard.answers:,} pages looked at"
        f" in {time.monotonic() - seen:.0f} s"
    )
    assert not leaks
    assert heard.leaks == []
    assert kinds["Your reminders from Practice Audit"] > 10
    assert kinds["Acknowledge an escalation: it is overdue"] > 10
    assert len(kinds) > 12
    assert words > 35 * count


def _sift(said: list[str], leaks: Counter[str]) -> int:
    """The log lines since the last call, searched and dropped: there are too many to store."""
    leaks.update(f"line: {' '.join(line.split()[:4])}" for line in said if CANARY.search(line))
    count = len(said)
    said.clear()
    return count


def _is_told_of(council: Council, smtp_server: SmtpServer, leaks: Counter[str]) -> tuple[int, Counter[str]]:
    context, sent, kinds = replace(council.worker_context, settings=replace(council.settings, mail_url=smtp_server.url)), 0, Counter[str]()
    for now in COMES:
        sent += run_once(context, now)
        for email in smtp_server.emails():
            kinds[without_reference(email)] += 1
            leaks.update(f"email: {one}" for one in CANARY.findall(email.as_string() + str(email.get_content())))
        smtp_server.taken.clear()
    return sent, kinds


def _lists(app: Flask) -> list[str]:
    """Every page that is about no one audit, and what may come to be one."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint not in NEVER_CALLED
    ]
    return sorted({rule.rule for rule in rules if not rule.rule.startswith("/api/")} | {"/metrics"})


def _everybody_looks(app: Flask, lives: list[Life]) -> Heard:
    """Every page of every list; and the titles, links and headers of some audits’ own pages."""
    heard, caller = Heard(), ApiClient(app.extensions["council"], app.test_client())
    for name in READERS:
        browser = Browser(app, name)
        for path in _lists(app):
            _turns_pages(heard, browser, name, path)
        for path in LISTS_OF_THE_PROGRAM:
            _asks_for_pages(heard, caller, name, path)
        for life in lives[:: max(1, len(lives) // 25)]:
            for rest in ("", "/sections/area_1", "/history", "/actions/1", "/moves/withdraw"):
                answer = browser.get(f"/audits/{life.reference}{rest}")
                heard.hear(f"{rest} for {name}", answer.headers, answer.get_data(as_text=True))
    return heard


def _turns_pages(heard: Heard, browser: Browser, name: str, path: str) -> None:
    for _ in range(MOST_PAGES):
        answer = browser.get(path)
        text = answer.get_data(as_text=True)
        heard.hear(f"{path} for {name}", answer.headers, text, is_wordless=True)
        following = NEXT_PAGE.search(text)
        if not following:
            return
        path = html.unescape(following[1])


def _asks_for_pages(heard: Heard, caller: ApiClient, name: str, path: str) -> None:
    cursor = ""
    for _ in range(MOST_PAGES):
        answer = caller.call(f"{name}@demo.example", "GET", f"{path}{cursor}")
        heard.hear(f"{path} for {name}, as JSON", answer.headers, answer.get_data(as_text=True), is_wordless=True)
        if not (following := (answer.json or {}).get("next")):
            return
        cursor = f"?cursor={following}"


@pytest.mark.slow_because("a word of a case in an email is the leak that matters most, and each kind of audit sends others")
def test_nothing_leaks_of_an_audit_of_each_kind(app: Flask, smtp_server: SmtpServer, bar: Bar) -> None:
    _leaks_nothing(app, smtp_server, KINDS)
    bar("R9", wanted=KINDS, seen=KINDS)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_nothing_leaks_of_ten_thousand_audits(app: Flask, smtp_server: SmtpServer, bar: Bar) -> None:
    _leaks_nothing(app, smtp_server, 10_000)
    bar("R9", wanted=10_000, seen=10_000)
