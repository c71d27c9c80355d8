"""The child’s last audit: shown to people who may read it. An auditor who may not is told its date, and nothing else."""

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser, text_of
from workflow.commands import audit_moves, drafting

EARLIER = {"audit_date": "2026-05-12"}


def details_page(app: Flask, who: str, reference: str) -> str:
    return text_of(Browser(app, who).get(f"/audits/{reference}/sections/details").get_data(as_text=True))


@pytest.mark.parametrize("grade", ["good", "inadequate"])
def test_its_date_grades_and_unfinished_actions_are_shown(app: Flask, world: World, grade: str) -> None:
    an_audit(world, at="moderated", grade=grade, details=EARLIER)
    page = details_page(app, "auditor", an_audit(world, at="draft"))
    assert "Previous audit of this child" in page
    assert "12 May 2026" in page
    assert "1 action is unfinished" in page
    assert ("Inadequate" if grade == "inadequate" else "Good") in page
    assert "12. Final judgement." in page


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [({"audited_previously": False}, "is No, but this service has an audit"), ({"audited_previously": True, "previous_audit_on": "2026-01-02"}, "is not the one in this service"),
     ({"audited_previously": True, "previous_audit_on": "2026-05-12"}, "")],
)  # fmt: skip
def test_another_answer_than_the_services_is_flagged(app: Flask, world: World, answers: dict[str, object], sentence: str) -> None:
    an_audit(world, at="shared", details=EARLIER)
    page = details_page(app, "auditor", an_audit(world, at="draft", details=answers))
    assert "this service" in page or not sentence
    assert sentence in page
    assert sentence or "this service" not in page


@pytest.mark.parametrize(("audited_on", "is_flagged"), [("2025-11-20", True), ("2025-11-19", False)])
def test_the_look_back_is_twelve_months_inclusive(app: Flask, world: World, audited_on: str, is_flagged: bool) -> None:
    an_audit(world, at="shared", details={"audit_date": audited_on})
    page = details_page(app, "auditor", an_audit(world, at="draft"))
    assert ("this service has an audit" in page) == is_flagged
    assert "Previous audit of this child" in page


def test_the_latest_shared_audit_is_shown(app: Flask, world: World) -> None:
    an_audit(world, at="shared", details={"audit_date": "2026-02-01"})
    an_audit(world, at="shared", details=EARLIER)
    an_audit(world, at="graded", details={"audit_date": "2026-06-01"})
    returned = an_audit(world, at="shared", details={"audit_date": "2026-07-01"})
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), returned, "Another child.")
    assert "12 May 2026" in details_page(app, "auditor", an_audit(world, at="draft"))


def audit_page(app: Flask, who: str, reference: str) -> str:
    return text_of(Browser(app, who).get(f"/audits/{reference}").get_data(as_text=True))


@pytest.mark.parametrize("typed", ["C-1001", "c1001", "C 1001", "Ｃ／１００１"])
def test_an_auditor_who_may_not_read_it_is_told_the_date_alone(app: Flask, world: World, typed: str) -> None:
    mine = an_audit(world, at="draft", auditor="auditor2", details={"child_id": typed})
    earlier = an_audit(world, at="moderated", grade="inadequate", details=EARLIER)
    page, front = details_page(app, "auditor2", mine), audit_page(app, "auditor2", mine)
    assert "The last audit is dated 12 May 2026. You can’t read it" in page
    assert "The answer to “Audited previously?” is No, but this service has an audit dated 12 May 2026." in page
    assert "This child was audited in the last 12 months: the last audit is dated 12 May 2026." in front
    assert [one for one in (earlier, "Inadequate", "Grades in") if one in page + front] == []


@pytest.mark.parametrize("kind", ["draft", "graded", "withdrawn", "too long ago", "later than this audit", "no id"])
def test_nothing_is_shown_of_an_audit_that_was_not_shared_or_is_not_before(app: Flask, world: World, kind: str) -> None:
    dated = {"too long ago": "2025-11-19", "later than this audit": "2026-11-21"}.get(kind, "2026-05-12")
    child = "unborn" if kind == "no id" else "C-1001"
    mine = an_audit(world, at="draft", auditor="auditor2", details={"child_id": child})
    before = details_page(app, "auditor2", mine), audit_page(app, "auditor2", mine)
    other = an_audit(world, at=kind if kind in {"draft", "graded"} else "shared", details={"audit_date": dated, "child_id": child})
    if kind == "withdrawn":
        audit_moves.withdraw(world.command_context(), world.person("qa"), other, "Started twice.")
        audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), other, "Agreed.")
        assert world.audit(other).state == "withdrawn"
    assert (details_page(app, "auditor2", mine), audit_page(app, "auditor2", mine)) == before


def test_nobody_but_the_auditor_learns_of_what_they_may_not_read(app: Flask, world: World) -> None:
    an_audit(world, at="moderated", details={**EARLIER, "team": "assessment-east"})
    drafted, shared = an_audit(world, at="draft", auditor="auditor2"), an_audit(world, at="shared", auditor="auditor2")
    assert "was audited in the last 12 months" not in audit_page(app, "qa", drafted)
    assert "was audited in the last 12 months" not in details_page(app, "service.manager", shared)


def test_the_first_save_says_that_there_is_something_to_read(app: Flask, world: World) -> None:
    an_audit(world, at="moderated", details=EARLIER)
    browser, started = Browser(app, "auditor2"), drafting.start_audit(world.command_context(), world.person("auditor2"))
    typed = {"seen": started.version, "child_id": "c 1001", "then": "next"}
    saved = browser.post(f"/audits/{started.reference}/sections/details", **typed)
    page = text_of(browser.get(saved.location).get_data(as_text=True))
    assert "This child was audited in the last 12 months." in page


def test_an_audit_dated_after_this_one_is_not_its_previous_audit(app: Flask, world: World) -> None:
    an_audit(world, at="shared", details={"audit_date": "2026-11-20"})
    mine = an_audit(world, at="draft", details={"audit_date": "2026-11-19"})
    assert "Previous audit" not in details_page(app, "auditor", mine)


def test_another_childs_audit_is_not_shown(app: Flask, world: World) -> None:
    an_audit(world, at="shared", details={**EARLIER, "child_id": "C-1002"})
    assert "Previous audit" not in details_page(app, "auditor", an_audit(world, at="draft"))
