"""The child’s last audit: shown to people who may read it; nobody else sees that it exists."""

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.web.support.browser import Browser, text_of
from workflow.commands import audit_moves

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


def test_people_who_may_not_read_it_see_the_same_page_as_without_it(app: Flask, world: World) -> None:
    mine = an_audit(world, at="draft", auditor="auditor2")
    before = details_page(app, "auditor2", mine)
    an_audit(world, at="moderated", details=EARLIER)
    assert details_page(app, "auditor2", mine) == before


def test_another_childs_audit_is_not_shown(app: Flask, world: World) -> None:
    an_audit(world, at="shared", details={**EARLIER, "child_id": "C-1002"})
    assert "Previous audit" not in details_page(app, "auditor", an_audit(world, at="draft"))
