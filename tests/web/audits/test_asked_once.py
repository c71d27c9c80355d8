"""What is odd is asked about once, without scripts, and done when the person says that it is right. JSON is not asked."""

import pytest
from flask import Flask
from time_machine import Traveller

from tests.factories import World, an_audit, save
from tests.web.support.browser import Browser, text_of

BEFORE = {"completed_on__day": "19", "completed_on__month": "Nov", "completed_on__year": "2026"}


def a_draft(world: World, **details: str) -> str:
    reference = an_audit(world, at="draft", details=details)
    save(world, "auditor", reference, "consultation", {"spoke_to": "Priya Nair"})
    return reference


@pytest.mark.parametrize("odd", [{"child_id": "unborn"}, {"audit_date": "1026-11-20"}])
def test_odd_details_go_on_only_knowingly(app: Flask, world: World, odd: dict[str, str]) -> None:
    reference = a_draft(world, **odd)
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/moves/record_consultation"
    shown = browser.get(path).get_data(as_text=True)
    assert ("is not an ID number" in shown) == ("child_id" in odd)
    assert ("the year is 1026. Is it right?" in shown) == ("audit_date" in odd)
    refused = browser.post(path)
    assert refused.status_code == 422
    assert "Correct the details, or tick the box if they are right." in refused.get_data(as_text=True)
    assert world.audit(reference).state == "draft"
    assert browser.post(path, sure="details").status_code == 303
    assert world.audit(reference).state == "practitioner_consulted"


def test_details_that_are_not_odd_are_not_asked_about(app: Flask, world: World) -> None:
    reference = a_draft(world)
    browser, path = Browser(app, "auditor"), f"/audits/{reference}/moves/record_consultation"
    assert "tick the box" not in browser.get(path).get_data(as_text=True)
    assert browser.post(path).status_code == 303


@pytest.mark.parametrize("name", ["qa", "governance"])
def test_who_can_not_make_the_move_learns_nothing_of_the_details(app: Flask, world: World, name: str) -> None:
    odd, usual = a_draft(world, child_id="unborn"), a_draft(world)
    browser = Browser(app, name)
    answers = [browser.post(f"/audits/{one}/moves/record_consultation") for one in (odd, usual)]
    assert answers[0].status_code == answers[1].status_code
    assert text_of(answers[0].get_data(as_text=True)).replace(odd, usual) == text_of(answers[1].get_data(as_text=True))


def test_a_completion_before_the_audit_date_is_asked_about_once(app: Flask, world: World) -> None:
    reference = an_audit(world, at="moderated")
    browser, path = Browser(app, "team.manager"), f"/audits/{reference}/actions/1/moves/report"
    asked = browser.post(path, **BEFORE)
    assert asked.status_code == 422
    assert "This is before the audit date, 20 November 2026. Correct the date, or tick the box if it is right." in text_of(
        asked.get_data(as_text=True)
    )
    assert 'value="2026-11-19"' in asked.get_data(as_text=True)
    assert browser.post(path, **{**BEFORE, "completed_on__day": "18"}, sure="2026-11-19").status_code == 422
    assert world.audit(reference).actions[0].state == "open"
    assert browser.post(path, **BEFORE, sure="2026-11-19").status_code == 303
    assert str(world.audit(reference).actions[0].completed_on) == "2026-11-19"


def test_a_date_that_is_none_is_refused_and_not_asked_about(app: Flask, world: World) -> None:
    reference = an_audit(world, at="moderated")
    path = f"/audits/{reference}/actions/1/moves/report"
    page = text_of(Browser(app, "team.manager").post(path, **{**BEFORE, "completed_on__month": "Nox"}).get_data(as_text=True))
    assert "enter the month" in page
    assert "before the audit date" not in page


def test_a_safeguarding_record_of_an_odd_year_is_asked_about(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    typed = {"used_on__day": "22", "used_on__month": "11", "used_on__year": "1026", "used_time": "21:05", "told": "The duty manager."}
    browser, path = Browser(app, "qaro"), f"/audits/{reference}/safeguarding"
    assert "The year is 1026. Correct it" in browser.post(path, **typed).get_data(as_text=True)
    assert browser.post(path, **typed, sure="1026-11-22").status_code == 303


def test_a_completion_on_the_audit_date_is_not_asked_about(app: Flask, world: World) -> None:
    reference = an_audit(world, at="moderated")
    path = f"/audits/{reference}/actions/1/moves/report"
    assert Browser(app, "team.manager").post(path, **{**BEFORE, "completed_on__day": "20"}).status_code == 303
