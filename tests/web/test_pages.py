"""Pages: what they refuse, what they say, where they lead, and what they cost."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event

from tests.factories import World, an_audit, assign, save
from tests.web.support.audit_pages import CASE_TEXT, pages_of
from tests.web.support.browser import Browser, text_of
from web.council import Council
from workflow.commands import audit_moves


@pytest.mark.parametrize("person", ["admin", "governance"])
def test_people_without_a_content_role_read_no_case_text(app: Flask, world: World, person: str) -> None:
    reference = an_audit(world, at="actions_closed", grade="inadequate")
    browser = Browser(app, person)
    for path in ["/", "/audits", "/notices", *pages_of(reference)]:
        page = browser.get(path).get_data(as_text=True)
        assert not [words for words in CASE_TEXT if words in page], path


def test_a_moderator_reads_everything_but_the_overall_grade(app: Flask, world: World) -> None:
    reference = an_audit(world, at="graded")
    audit_moves.revise(world.command_context(), world.person("auditor"), reference)
    save(world, "auditor", reference, "area_12", {"grade": "inadequate", "evidence": "Seen.", "impact": "None."})
    audit_moves.grade(world.command_context(), world.person("auditor"), reference)
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assign(world, reference)
    browser, qaro = Browser(app, "moderator"), Browser(app, "qaro")
    for path in ("/audits", f"/audits/{reference}", f"/audits/{reference}/read", f"/audits/{reference}/sections/area_12"):
        assert "nadequate" in qaro.get(path).get_data(as_text=True) or path == "/audits", path
        page = re.sub(r"<option.*?</option>", "", browser.get(path).get_data(as_text=True))
        assert "nadequate" not in page, path
        assert "scalat" not in page, path
    for path in (f"/audits/{reference}/escalation", f"/audits/{reference}/history"):
        assert browser.get(path).status_code in {403, 404}
    save(world, "moderator", reference, "moderation", {"grade": "good", "evidence": "Seen.", "impact": "Safer."})
    assert "nadequate" in browser.get(f"/audits/{reference}").get_data(as_text=True)


def test_what_was_typed_stays_on_the_page_with_the_error(app: Flask, world: World) -> None:
    reference = an_audit(world, at="draft")
    browser, version = Browser(app, "auditor"), world.audit(reference).version
    answer = browser.post(
        f"/audits/{reference}/sections/details", seen=version, child_id="C-77 <b>", audit_date__day="31", audit_date__month="2",
        audit_date__year="2026", age_band="7",
    )  # fmt: skip
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "There is a problem" in page
    assert "this must be a real date" in page
    assert 'value="C-77 &lt;b&gt;"' in page
    assert 'value="31"' in page
    assert "<title>Error: " in page
    assert world.audit(reference).version == version


def test_an_error_does_not_let_the_next_try_overwrite_what_came_between(app: Flask, world: World) -> None:
    reference = an_audit(world, at="draft")
    browser, seen = Browser(app, "auditor"), world.audit(reference).version
    save(world, "auditor", reference, "summary", {"case_summary": "Theirs."})
    path = f"/audits/{reference}/sections/summary"
    refused = browser.post(path, seen=seen, case_summary="Mine.\x00")
    assert f'name="seen" value="{seen}"' in refused.get_data(as_text=True)
    stale = browser.post(path, seen=seen, case_summary="Mine.")
    page = stale.get_data(as_text=True)
    assert stale.status_code == 409
    assert "Mine." in page
    assert "Theirs." in page
    assert world.audit(reference).answer("summary", "case_summary") == "Theirs."


def test_a_page_refuses_a_field_it_does_not_have(app: Flask, world: World) -> None:
    reference = an_audit(world, at="draft")
    answer = Browser(app, "auditor").post(f"/audits/{reference}/sections/summary", seen=1, state="shared")
    assert answer.status_code == 422
    assert "no such field" in answer.get_data(as_text=True)


def test_a_move_refused_says_everything_that_is_missing(app: Flask, world: World) -> None:
    reference = Browser(app, "auditor").post("/audits/new").headers["Location"].split("/")[2]
    answer = Browser(app, "auditor").post(f"/audits/{reference}/moves/record_consultation")
    page = text_of(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert page.count(".") > 8
    assert world.audit(reference).state == "draft"


def test_a_move_made_meanwhile_is_a_conflict_with_a_sentence(app: Flask, world: World) -> None:
    reference = an_audit(world, at="shared")
    answer = Browser(app, "auditor").post(f"/audits/{reference}/moves/share")
    assert answer.status_code == 409
    assert "can’t" in answer.get_data(as_text=True)


def test_nothing_is_done_without_the_pages_own_token(app: Flask, world: World) -> None:
    reference = an_audit(world, at="graded")
    browser = Browser(app, "auditor")
    browser.token = "forged"
    for path in (f"/audits/{reference}/moves/share", f"/audits/{reference}/sections/summary", "/audits/new", "/sign-out"):
        answer = browser.post(path)
        assert answer.status_code == 400
        assert "Nothing was changed" in answer.get_data(as_text=True)
    assert world.audit(reference).state == "graded"


def test_pages_set_security_headers(app: Flask) -> None:
    for path in ("/", "/sign-in", "/nowhere", "/health", "/api/v1/audits", "/static/favicon.svg"):
        with app.test_client().get(path) as answer:
            pass
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], path
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert (answer.headers["Cache-Control"] == "no-store") != path.startswith("/static")


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "/%0aSet-Cookie", "javascript:alert(1)", "/\t/x"]
)
def test_signing_in_leads_nowhere_else(app: Flask, path: str) -> None:
    browser = Browser(app, "auditor")
    answer = browser.post("/sign-in", email="qa@demo.example", password="correct horse", next=path)
    assert answer.status_code == 302
    assert answer.headers["Location"] in {"/", "/%0aSet-Cookie"}


def test_signing_out_ends_every_copy_of_the_cookie(app: Flask) -> None:
    browser = Browser(app, "auditor")
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    browser.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("session", cookie.value)
    assert thief.get("/audits").status_code == 302


# --- What a page costs -----------------------------------------------------------------------------------------------


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    council: Council = app.extensions["council"]
    noted: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            noted.append(statement)

    event.listen(council.engine, "before_cursor_execute", note)
    yield noted
    event.remove(council.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("person", ["auditor", "qa", "head.of.service", "hos.ppqa", "team.manager"])
def test_a_page_needs_few_statements_however_much_it_shows(app: Flask, world: World, statements: list[str], person: str) -> None:
    # With another of the same child, so that a previous audit is shown, and its reading logged and linked, from the start.
    an_audit(world, at="shared", grade="inadequate")
    reference = an_audit(world, at="moderated", grade="inadequate")
    browser = Browser(app, person)
    few = {path: _cost(browser, statements, path) for path in ["/", "/audits", *pages_of(reference)]}
    for _ in range(20):
        an_audit(world, at="shared", grade="inadequate")
    many = {path: _cost(browser, statements, path) for path in few}
    print(person, {path.replace(reference, "…"): cost for path, cost in few.items() if cost > 4})
    assert many == few
    # Emergency requests and who made them, for people who may grant them; the worker’s state, for people responsible for it; and open escalations
    # with their emails, for people who phone recipients no email reached; and failed emails, and who is named for what, for both.
    assert few["/"] <= {"hos.ppqa": 9, "qa": 9}.get(person, 4)
    assert few["/audits"] <= 4
    # The escalation’s page: also its emails, who has read about it, and uses of the safeguarding procedure.
    # The section beside the previous audit: two readings, each a row and its link; and the names that were sealed.
    assert max(few.values()) <= 11


def test_saving_a_section_reads_the_audit_once(app: Flask, world: World, statements: list[str]) -> None:
    reference = an_audit(world, at="draft")
    browser, seen = Browser(app, "auditor"), world.audit(reference).version
    statements.clear()
    answer = browser.post(f"/audits/{reference}/sections/summary", seen=seen, case_summary="A family of three.", then="next")
    assert answer.headers["Location"] == f"/audits/{reference}/sections/area_1"
    assert len([one for one in statements if one.startswith("SELECT audits.id")]) == 1


def _cost(browser: Browser, statements: list[str], path: str) -> int:
    statements.clear()
    browser.get(path)
    return len(statements)
