"""Writing in a real browser: saved automatically, never overwritten, stored when the session ends, and the focus stays."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page

from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import faults_of
from tests.factories import World, a_world, an_audit, save
from web.request import browser_session

pytestmark = pytest.mark.browser


@pytest.fixture
def world(served: LiveServer) -> World:
    return a_world(served.council)


def _open(served: LiveServer, reference: str, section: str = "area_1") -> Page:
    page = served.page("auditor")
    page.goto(f"{served.url}/audits/{reference}/sections/{section}")
    return page


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_what_is_typed_saves_itself_and_the_focus_stays(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = _open(served, reference)
    page.get_by_label("Evidence").focus()
    page.keyboard.type("Read the plan of 3 May.")
    page.get_by_text("Saved at").wait_for()
    assert _focused(page) == "evidence"
    assert world.audit(reference).answer("area_1", "evidence") == "Read the plan of 3 May."
    page.keyboard.type(" And the review.")
    page.get_by_label("Good", exact=True).check()
    page.get_by_role("button", name="Save and return").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    audit = world.audit(reference)
    assert audit.answer("area_1", "evidence") == "Read the plan of 3 May. And the review."
    assert audit.answer("area_1", "grade") == "good"
    assert not served.complaints


def test_what_is_typed_is_saved_when_the_page_is_left_at_once(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = _open(served, reference)
    page.get_by_label("Evidence").fill("Left in a hurry.")
    page.get_by_role("link", name="My work").click()
    page.get_by_role("heading", name="My work").wait_for()
    # The browser sends it beside the next page, so it may come a moment later.
    looked = (_open(served, reference).get_by_label("Evidence").input_value() for _ in range(20))
    assert "Left in a hurry." in looked


def test_a_colleagues_text_is_shown_beside_and_neither_is_lost(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = _open(served, reference)
    save(world, "auditor", reference, "area_1", {"evidence": "Theirs."})
    page.get_by_label("Evidence").fill("Mine.")
    page.get_by_text("Somebody has changed this").wait_for()
    assert _focused(page) == "evidence"
    assert faults_of(page) == []
    page.get_by_role("button", name="Save and return").click()
    page.get_by_role("heading", level=1, name="Somebody has changed this").wait_for()
    assert faults_of(page) == []
    assert page.get_by_label("Evidence").input_value() == "Mine."
    page.get_by_text("Theirs.").wait_for()
    page.get_by_role("button", name="Save your version").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    assert world.audit(reference).answer("area_1", "evidence") == "Mine."


def test_the_end_of_a_session_is_announced_and_can_be_postponed(served: LiveServer, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_session, "IDLE", timedelta(minutes=3, seconds=4))
    monkeypatch.setattr(browser_session, "USE_RECORDED_EVERY", timedelta(0))
    reference = an_audit(world, at="practitioner_consulted")
    page = _open(served, reference)
    page.get_by_label("Impact").focus()
    warning = page.locator(".app-warning", has_text="You will be signed out at")
    warning.wait_for()
    assert _focused(page) == "impact"
    assert faults_of(page) == []
    page.get_by_role("button", name="Stay signed in").click()
    warning.wait_for(state="detached")


def test_what_is_sent_after_the_session_is_offered_after_signing_in(
    served: LiveServer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = _open(served, reference)
    monkeypatch.setattr(browser_session, "IDLE", timedelta(0))
    page.get_by_label("Evidence").fill("Typed too late.")
    page.get_by_text("You have been signed out. We have kept what you typed").wait_for()
    page.get_by_role("button", name="Save and return").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    monkeypatch.setattr(browser_session, "IDLE", timedelta(minutes=30))
    assert faults_of(page) == []
    page.get_by_label("Email address").fill("auditor@demo.example")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Not saved yet").wait_for()
    assert faults_of(page) == []
    assert page.get_by_label("Evidence").input_value() == "Typed too late."
    page.get_by_role("button", name="Save and return").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    assert world.audit(reference).answer("area_1", "evidence") == "Typed too late."


def test_nothing_of_a_case_stays_in_the_browser_after_signing_out(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = _open(served, reference)
    page.get_by_label("Evidence").fill("Nobody else may read this.")
    page.get_by_text("Saved at").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    held = page.evaluate(
        "async () => [localStorage.length, sessionStorage.length, (await caches.keys()).length, (await indexedDB.databases()).length]"
    )
    assert held == [0, 0, 0, 0]
    assert not [cookie for cookie in page.context.cookies() if "Nobody" in str(cookie)]
    for _ in range(3):
        page.go_back()
        assert "Nobody else may read this." not in page.content()
