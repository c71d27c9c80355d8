"""Nothing typed is lost: a section saves itself, and text that can’t be saved is stored for the person who typed it."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from tests.factories import NOW, World, an_audit, assign, save
from tests.web.support.browser import Browser, text_of, token_in
from workflow.commands import audit_moves

SUMMARY = {"case_summary": "Two hours of writing.", "chronology_up_to_date": "yes"}


@pytest.fixture
def reference(world: World) -> str:
    return an_audit(world, at="draft")


def summary_of(world: World, reference: str) -> object:
    return world.audit(reference).answer("summary", "case_summary")


def test_a_section_saves_itself_and_says_which_version_is_next(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/summary"
    first = browser.post(f"{path}/autosave", seen=1, **SUMMARY).json
    assert first is not None
    second = browser.post(f"{path}/autosave", seen=first["version"], case_summary="More of it.").json
    assert second is not None
    assert second["version"] == first["version"] + 1
    assert second["saved_at"].endswith(("am", "pm"))
    assert summary_of(world, reference) == "More of it."


def test_a_stale_autosave_overwrites_nothing_and_is_stored_separately(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/summary"
    save(world, "auditor", reference, "summary", {"case_summary": "Theirs."})
    answer = browser.post(f"{path}/autosave", seen=1, case_summary="Mine.")
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["theirs"]["case_summary"] == "Theirs."
    assert summary_of(world, reference) == "Theirs."
    page = browser.get(path).get_data(as_text=True)
    assert "Not saved yet" in page
    assert "Mine." in page
    both = browser.post(path, seen=1, case_summary="Mine.", kept="yes").get_data(as_text=True)
    assert "Mine." in both
    assert "Theirs." in both


def test_the_same_text_sent_twice_is_no_conflict(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/summary"
    first = browser.post(f"{path}/autosave", seen=1, **SUMMARY).json
    again = browser.post(f"{path}/autosave", seen=1, **SUMMARY).json
    assert first is not None
    assert again is not None
    assert again["version"] == first["version"] == world.audit(reference).version


def test_keeping_what_is_stored_leaves_nothing_to_offer(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/summary"
    save(world, "auditor", reference, "summary", {"case_summary": "Theirs."})
    browser.post(f"{path}/autosave", seen=1, case_summary="Mine.")
    both = browser.post(path, seen=1, case_summary="Mine.").get_data(as_text=True)
    keep = re.search(r'action="([^"]+)">(?:(?!</form>).)*Keep the stored version', both, re.DOTALL)
    assert keep
    browser.post(keep[1])
    assert "Mine." not in browser.get(path).get_data(as_text=True)


@pytest.mark.parametrize("typed", ["Still mine.", "x" * 2_100_000])
def test_what_is_sent_after_the_audit_was_shared_is_shown_beside_what_is_stored(app: Flask, world: World, typed: str) -> None:
    reference = an_audit(world, at="graded")
    browser, path, seen = Browser(app, "auditor"), f"/audits/{reference}/sections/area_1", world.audit(reference).version
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    before = world.audit(reference)
    answer = browser.post(path, seen=seen, evidence=typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code in {403, 413}
    assert typed in page
    assert str(before.answer("area_1", "evidence")) in html.unescape(page)
    assert "Save your version" not in page
    assert world.audit(reference) == before


def test_text_that_can_not_be_saved_is_stored_separately(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/details"
    seen = world.audit(reference).version
    answer = browser.post(
        f"{path}/autosave", seen=seen, child_id="C-77", audit_date__day="31", audit_date__month="2", audit_date__year="2026"
    )
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["field"] == "audit_date"
    assert 'value="C-77"' in browser.get(path).get_data(as_text=True)
    saved = browser.post(path, seen=seen, child_id="C-77", kept="yes")
    assert saved.status_code == 303
    assert "Not saved yet" not in browser.get(path).get_data(as_text=True)


def test_a_recovered_draft_can_be_discarded(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/summary"
    browser.post(f"{path}/autosave", seen=1, case_summary="Bad\x00.")
    assert "Not saved yet" in browser.get(path).get_data(as_text=True)
    browser.post(f"{path}/discard")
    assert "Not saved yet" not in browser.get(path).get_data(as_text=True)


@pytest.mark.parametrize("away", [timedelta(minutes=31), timedelta(hours=11), timedelta(days=3)])
@pytest.mark.parametrize("by_script", [False, True])
def test_what_is_sent_after_the_session_ended_is_offered_after_signing_in_again(
    app: Flask, world: World, reference: str, away: timedelta, by_script: bool
) -> None:
    path = f"/audits/{reference}/sections/summary"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        clock.shift(away)
        answer = browser.post(f"{path}/autosave" if by_script else path, seen=1, **SUMMARY)
        if by_script:
            assert (answer.status_code, "We have kept what you typed" in answer.get_data(as_text=True)) == (401, True)
        else:
            assert answer.headers["Location"].startswith("/sign-in?")
            assert "We have kept what you typed" in browser.get(answer.headers["Location"]).get_data(as_text=True)
        assert summary_of(world, reference) is None
        _sign_in_again(browser, "auditor")
        page = browser.get(path).get_data(as_text=True)
        assert "Two hours of writing." in page
        assert browser.post(path, seen=1, kept="yes", **SUMMARY).status_code == 303
        assert summary_of(world, reference) == "Two hours of writing."


def _sign_in_again(browser: Browser, name: str) -> None:
    page = browser.get("/sign-in").get_data(as_text=True)
    browser.token = token_in(page)
    assert browser.post("/sign-in", email=f"{name}@demo.example", password="correct horse").status_code == 302
    browser.token = token_in(browser.get("/audits").get_data(as_text=True))


def test_a_draft_is_offered_to_nobody_else(app: Flask, world: World, reference: str) -> None:
    path = f"/audits/{reference}/sections/summary"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        clock.shift(timedelta(minutes=31))
        browser.post(path, seen=1, **SUMMARY)
        for name in ("qa", "auditor2", "practitioner"):
            other = Browser(app, name)
            assert "Two hours of writing." not in text_of(other.get(path).get_data(as_text=True))


def test_keeping_reveals_nothing_and_offers_nothing_of_what_is_unknown(app: Flask, world: World) -> None:
    shared = an_audit(world, at="shared")
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        clock.shift(timedelta(minutes=31))
        paths = [f"/audits/{reference}/sections/summary" for reference in (shared, "zzzz-zzzz")]
        said = {browser.post(path, seen=1, **SUMMARY).headers["Location"].replace(path.split("/")[2], "") for path in paths}
        assert len(said) == 1
        _sign_in_again(browser, "auditor")
        pages = [browser.get(path) for path in paths]
        assert [page.status_code for page in pages] == [200, 404]
        assert ["Two hours of writing." in page.get_data(as_text=True) for page in pages] == [True, False]


def test_what_is_sent_after_signing_out_in_another_tab_is_stored_apart(app: Flask, world: World, reference: str) -> None:
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/summary"
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    browser.post("/sign-out")
    browser.client.set_cookie("session", cookie.value)
    answer = browser.post(path, seen=1, **SUMMARY)
    assert (answer.status_code, answer.location) == (302, f"/sign-in?next={path}&kept=yes")
    assert summary_of(world, reference) is None
    _sign_in_again(browser, "auditor")
    assert "Two hours of writing." in browser.get(path).get_data(as_text=True)


def test_a_session_says_when_it_ends_and_goes_on_when_asked(app: Flask, reference: str) -> None:
    path = f"/audits/{reference}/sections/summary"
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        page = browser.get(path).get_data(as_text=True)
        assert f'data-ends-at="{(NOW + timedelta(minutes=30)).isoformat()}"' in page
        assert "If you do nothing, you will be signed out at 10:00am" in page
        clock.shift(timedelta(minutes=28))
        stayed = browser.post("/stay").json
        assert stayed == {"ends_at": (NOW + timedelta(minutes=58)).isoformat()}
        clock.shift(timedelta(minutes=29))
        assert browser.get(path).status_code == 200


def test_a_session_lasts_ten_hours_at_most(app: Flask, reference: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        browser = Browser(app, "auditor")
        for _ in range(23):
            clock.shift(timedelta(minutes=25))
            browser.post("/stay")
        clock.shift(timedelta(minutes=24))
        stayed = browser.post("/stay").json
        assert stayed == {"ends_at": (NOW + timedelta(hours=10)).isoformat()}
        clock.shift(timedelta(minutes=2))
        assert browser.post("/stay").status_code == 401


def test_600_kilobytes_in_one_audit_are_fine(app: Flask, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    browser, text = Browser(app, "auditor"), "ö" * 75_000
    for section in ("area_1", "area_2"):
        seen = world.audit(reference).version
        answer = browser.post(f"/audits/{reference}/sections/{section}", seen=seen, evidence=text, impact=text)
        assert answer.status_code == 303
    assert browser.get(f"/audits/{reference}/read").get_data(as_text=True).count("ö") == 300_000


@pytest.mark.parametrize(("length", "status"), [(200_001, 422), (3_000_000, 413)])
def test_too_much_gets_a_page_with_every_word_still_on_it(app: Flask, world: World, length: int, status: int) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    browser, before = Browser(app, "auditor"), world.audit(reference)
    answer = browser.post(f"/audits/{reference}/sections/area_1", seen=before.version, evidence="x" * length, impact="Kept too.")
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert "There is a problem" in page
    assert "x" * length in page
    assert "Kept too." in page
    assert world.audit(reference) == before


def test_a_section_without_fields_saves_nothing_and_returns(app: Flask, world: World) -> None:
    reference = an_audit(world, at="shared")
    assign(world, reference)
    answer = Browser(app, "moderator").post(f"/audits/{reference}/sections/additional_actions", seen=world.audit(reference).version)
    assert (answer.status_code, answer.location) == (303, f"/audits/{reference}")


def test_a_page_takes_what_was_pasted_and_no_log_names_the_place(app: Flask, world: World, caplog: pytest.LogCaptureFixture) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/sections/area_1"
    assert browser.post(path, seen=world.audit(reference).version, evidence="Agreed:\vvisits\f\uf0b7 school").status_code == 303
    assert world.audit(reference).answer("area_1", "evidence") == "Agreed:\nvisits\n• school"
    page = browser.post(path, seen=world.audit(reference).version, evidence="Calm with her brother\x00.")
    assert page.status_code == 422
    assert "after “with her brother”" in page.get_data(as_text=True)
    assert "brother" not in caplog.text
