"""The database is unavailable or its disk is full: pages and JSON show one sentence with 503, and typed text is on the page."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from tests.factories import World, an_audit
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, token_in
from tests.web.support.outages import away, full
from web.council import Council
from workflow.errors import DatabaseUnavailable, DiskFull, Refusal
from workflow.storage.database_errors import refusal_of
from workflow.storage.engine import DatabaseError

AWAY, FULL = DatabaseUnavailable().sentence, DiskFull().sentence
WORDS = "Seen with her brother & calm.\nThen <asleep>."
TYPED = re.compile(r'<textarea[^>]*name="(\w+)"[^>]*>([^<]*)</textarea>')
ME = "auditor@demo.example"


def typed_on(page: TestResponse) -> dict[str, str]:
    found = TYPED.findall(page.get_data(as_text=True))
    return {name: html.unescape(words).strip().replace("\r\n", "\n") for name, words in found}


def is_refused(answer: TestResponse, sentence: str) -> bool:
    said = (answer.json or {})["detail"] if answer.is_json else html.unescape(answer.get_data(as_text=True))
    return answer.status_code == 503 and sentence in said and answer.headers["Retry-After"] == "10"


@pytest.fixture
def graded(app: Flask, world: World) -> str:
    app.testing = False
    return an_audit(world, at="practitioner_consulted")


def test_every_interface_shows_the_same_sentence_and_nothing_else(app: Flask, graded: str) -> None:
    council: Council = app.extensions["council"]
    browser, caller, here = Browser(app, "auditor"), ApiClient(council, app.test_client()), f"/audits/{graded}"
    caller.call(ME, "GET", here)
    cookie = browser.client.get_cookie("session")
    with away(council):
        answers = [
            *(browser.get(path) for path in ("/", "/audits", here, f"{here}/sections/area_1", "/nowhere", "/sign-in")),
            browser.post(f"{here}/sections/area_1", seen=1, evidence=WORDS), browser.post(f"{here}/moves/grade"),
            browser.post(f"{here}/sections/area_1/autosave", seen=1, evidence=WORDS), browser.post("/sign-out"),
            app.test_client().get("/sign-in"), caller.call(ME, "GET", here), caller.call(ME, "POST", f"{here}/moves", {"move": "grade"}),
        ]  # fmt: skip
        assert [one.request.path for one in answers if not is_refused(one, AWAY)] == []
        assert not any("Set-Cookie" in one.headers for one in answers)
        asked = {path: browser.get(path) for path in ("/health/live", "/health/ready", "/health", "/static/practice-audit.css")}
        statuses = {path: answer.status_code for path, answer in asked.items()}
        assert statuses == {"/health/live": 200, "/health/ready": 503, "/health": 503, "/static/practice-audit.css": 200}
        asked["/static/practice-audit.css"].close()
        assert app.test_client().get("/nowhere").status_code == 404
    assert browser.client.get_cookie("session") == cookie
    assert browser.get(here).status_code == 200
    print(f"{len(answers)} doors, one sentence")


def test_typed_text_is_on_the_page_and_can_be_sent_again(app: Flask, graded: str) -> None:
    council: Council = app.extensions["council"]
    browser, path = Browser(app, "auditor"), f"/audits/{graded}/sections/area_1"
    version = council.store.audit(graded).version  # type: ignore[union-attr]
    with away(council):
        page = browser.post(path, seen=version, grade="good", evidence=WORDS, impact="Alex is safer now.", then="back")
    assert typed_on(page) == {"evidence": WORDS, "impact": "Alex is safer now."}
    said = page.get_data(as_text=True)
    assert f'action="{path}"' in said
    assert token_in(said) == browser.token
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', said))
    assert {**hidden, "csrf_token": ""} == {"csrf_token": "", "seen": str(version), "grade": "good", "then": "back"}
    assert browser.client.post(path, data={**hidden, **typed_on(page)}).status_code == 303
    assert WORDS in html.unescape(browser.get(path).get_data(as_text=True)).replace("\r\n", "\n")


def test_no_secret_is_shown_again(app: Flask) -> None:
    app.testing = False
    council, client = app.extensions["council"], app.test_client()
    token = token_in(client.get("/sign-in").get_data(as_text=True))
    with away(council):
        page = client.post("/sign-in", data={"csrf_token": token, "email": ME, "password": "correct horse"})
    assert is_refused(page, AWAY)
    assert "horse" not in page.get_data(as_text=True)


def test_a_full_disk_is_explained_keeps_the_text_and_needs_no_restart(app: Flask, graded: str) -> None:
    council: Council = app.extensions["council"]
    browser, path, words = Browser(app, "auditor"), f"/audits/{graded}/sections/area_1", "Seen and heard. " * 3_000
    before = council.store.audit(graded)
    assert before
    with full(council):
        page = browser.post(path, seen=before.version, evidence=words, impact=words)
        by_itself = browser.post(f"{path}/autosave", seen=before.version, evidence=words)
        assert (is_refused(page, FULL), is_refused(by_itself, FULL)) == (True, True), page.status_code
        assert typed_on(page) == {"evidence": words.strip(), "impact": words.strip()}
        assert council.store.audit(graded) == before
    assert browser.post(path, seen=before.version, evidence=words).status_code == 303


def test_a_session_that_could_not_be_updated_stays_signed_in(app: Flask, graded: str, clock: object) -> None:
    """After a minute a request also records that its session is in use: where that can’t be stored, the response is the same."""
    council: Council = app.extensions["council"]
    browser, words = Browser(app, "auditor"), "Seen and heard. " * 3_000
    clock.shift(timedelta(minutes=2))  # type: ignore[attr-defined]
    with full(council):
        page = browser.post(f"/audits/{graded}/sections/area_1", seen=1, evidence=words)
        assert (is_refused(page, FULL), "Set-Cookie" in page.headers) == (True, False)
    assert browser.get(f"/audits/{graded}").status_code == 200


class Said(Exception):
    def __init__(self, sqlstate: str | None) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "kind", "refusal"),
    [
        (None, "OperationalError", DatabaseUnavailable), ("57P01", "OperationalError", DatabaseUnavailable), ("57P03", "OperationalError", DatabaseUnavailable),
        ("53300", "OperationalError", DatabaseUnavailable), ("25006", "InternalError", DatabaseUnavailable), ("53100", "OperationalError", DiskFull),
        ("58030", "OperationalError", DatabaseUnavailable), ("57014", "OperationalError", None), ("23505", "IntegrityError", None),
        ("42P01", "ProgrammingError", None), (None, "ProgrammingError", None), (None, "DataError", None),
    ],
)  # fmt: skip
def test_postgresql_outages_are_distinguished_from_bugs(sqlstate: str | None, kind: str, refusal: type[Refusal] | None) -> None:
    error: DBAPIError = type(kind, (DBAPIError,), {})("SELECT", {}, Said(sqlstate))
    assert type(refusal_of(error)) is (refusal or type(None))


def test_a_bug_is_not_reported_as_an_outage(app: Flask, graded: str) -> None:
    council: Council = app.extensions["council"]
    browser = Browser(app, "auditor")
    with council.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audits RENAME COLUMN state TO condition")
    page = browser.get(f"/audits/{graded}")
    assert (page.status_code, "Something went wrong." in page.get_data(as_text=True)) == (500, True)
    assert refusal_of(DatabaseError("of no kind")) is None
