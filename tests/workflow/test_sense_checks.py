"""Questions about words: asked where there is reason to, of no audit written with care, and never in the way."""

import json
from typing import Any

import pytest

from config.settings import FOLDER
from tests.factories import FORM, World, answers, save
from tests.factories import an_audit as walked
from workflow.commands import audit_moves
from workflow.directory import Directory
from workflow.sense_checks import SenseChecks, load_sense_checks

NOBODY = Directory(1, {}, {})
CHECKS: SenseChecks = load_sense_checks(FOLDER / "sense_checks.toml")
LONG = "The plan was reviewed on the third of May with the family and the school, and every step of it has an owner and a date by which it is done."


def asked(**areas: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one.section, one.field) for one in CHECKS.questions(FORM, areas, NOBODY)}


@pytest.mark.parametrize(
    "evidence", ["Visit 3 May. Visit 10 May.", "- Home visits on 3/5, 10/5\n- Telephone call 12 May", "Statutory visits were monthly."]
)
def test_evidence_that_only_lists_visits_is_asked_about(evidence: str) -> None:
    assert asked(area_1={"grade": "good", "evidence": evidence}) == {("area_1", "evidence")}


@pytest.mark.parametrize("evidence", ["Visits show that Alex is seen alone.", "Read the plan.", "", None])
def test_evidence_that_says_more_is_not(evidence: str | None) -> None:
    assert asked(area_1={"grade": "good", "evidence": evidence}) == set()


@pytest.mark.parametrize(
    ("impact", "is_asked"),
    [("A report was written in May.", True), ("Alex is safer.", False), ("Arlo sleeps through the night.", False), ("", False)],
)
def test_impact_that_names_no_change_is_asked_about(impact: str, is_asked: bool) -> None:
    assert bool(asked(area_2={"grade": "good", "impact": impact})) == is_asked


def test_a_passage_that_stands_in_two_areas_is_asked_about_in_both() -> None:
    found = asked(area_1={"evidence": f"First.\n{LONG}"}, area_3={"evidence": LONG.replace(" ", "  ")}, area_4={"evidence": LONG[:60]})
    assert found == {("area_1", "evidence"), ("area_3", "evidence")}


@pytest.mark.parametrize(("day", "is_asked"), [("1026-11-20", True), ("1999-12-31", True), ("2000-01-01", False), (None, False)])
@pytest.mark.parametrize("field", ["audit_date", "previous_audit_on"])
def test_a_year_before_2000_is_asked_about(field: str, day: str | None, is_asked: bool) -> None:
    assert asked(details={field: day}) == ({("details", field)} if is_asked else set())


@pytest.mark.parametrize(("overall", "is_asked"), [("good", True), ("requires_improvement", True), ("inadequate", False), (None, False)])
def test_an_inadequate_area_under_a_better_judgement_is_asked_about_there_and_in_the_judgement(overall: str | None, is_asked: bool) -> None:
    found = asked(area_4={"grade": "inadequate"}, area_12={"grade": overall})
    assert found == ({("area_4", "grade"), ("area_12", "evidence")} if is_asked else set())


@pytest.mark.parametrize("path", sorted((FOLDER / "demo" / "audits").glob("*.json")), ids=lambda path: path.stem)
def test_audits_written_with_care_are_hardly_asked(path: Any) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    found = CHECKS.questions(FORM, {key: words for key, words in sample.items() if key.startswith("area_")}, NOBODY)
    assert len([one for one in found if one.field != "grade"]) <= 2


def test_no_question_names_a_grade_to_give_or_stops_a_move(fake_world: World) -> None:
    reference = walked(fake_world, at="practitioner_consulted")
    for section, given in answers("good").items():
        if section.startswith("area_"):
            save(fake_world, "auditor", reference, section, {**given, "evidence": "Visits.", "impact": LONG})
        elif section not in {"details", "consultation"}:
            save(fake_world, "auditor", reference, section, given)
    assert len(CHECKS.questions(FORM, fake_world.audit(reference).sections, NOBODY)) >= 24
    audit_moves.grade(fake_world.command_context(), fake_world.person("auditor"), reference)
