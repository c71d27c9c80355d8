"""The people of the chosen team are offered first; somebody of another team is asked about before they are saved, and before sharing."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.factories import DETAILS, World, an_audit, save
from tests.web.support.browser import Browser, text_of
from workflow.commands.directory import roles
from workflow.commands.directory.memberships import change_units
from workflow.directory import Duty

TYPED = {
    **{name: answer for name, answer in DETAILS.items() if name not in {"audit_date", "audited_previously"}},
    "audit_date__day": "20", "audit_date__month": "11", "audit_date__year": "2026", "audited_previously": "no",
}  # fmt: skip
OTHER = "Team Manager: Tariq Aziz belongs to another team than Assessment East. Is this the right person?"


@pytest.mark.parametrize("field", ["practitioner", "team_manager", "owner"])
def test_the_people_of_the_team_come_first(app: Flask, world: World, field: str) -> None:
    reference = an_audit(world, "draft", details={"team": "care-west"})
    page = Browser(app, "auditor").get(f"/audits/{reference}/" + ("actions/new" if field == "owner" else "sections/details")).text
    [chooser] = re.findall(rf'<select[^>]*name="{field}".*?</select>', page, re.DOTALL)
    west, _, others = chooser.partition("</optgroup>")
    assert re.findall(r'<optgroup label="([^"]*)"', chooser) == ["Care West", "Other people"]
    expected = {"practitioner": "Callum Reid", "team_manager": "Tariq Aziz", "owner": "Quentin Rowe"}[field]
    assert (expected in west, expected in others, "Priya Nair" in west, "Tess Marlow" in west) == (True, False, False, False)
    assert chooser.count("<option") == chooser.count("</option>") > 2


def test_there_are_no_groups_where_no_team_is_chosen_or_nobody_belongs_to_it(app: Flask, world: World) -> None:
    undecided, east = an_audit(world, "draft", details={"team": None}), an_audit(world, "draft")
    browser = Browser(app, "auditor")
    assert "<optgroup" not in browser.get(f"/audits/{undecided}/sections/details").text
    for person in world.store.directory().people.values():
        if person.units:
            change_units(world.command_context(), world.person("admin"), person.id, "")
    assert "<optgroup" not in browser.get(f"/audits/{east}/sections/details").text


def test_somebody_of_another_team_is_saved_only_knowingly(app: Flask, world: World) -> None:
    reference, browser = an_audit(world, "draft"), Browser(app, "auditor")
    here, typed = f"/audits/{reference}/sections/details", {**TYPED, "team_manager": "team.manager2@demo.example"}
    before = world.audit(reference)
    asked = browser.post(here, **_seen(before.version), **typed)
    assert (asked.status_code, OTHER in text_of(asked.text), "Choose somebody else, or tick the box" in asked.text) == (422, True, True)
    assert '<option value="team.manager2@demo.example" selected>' in asked.text
    unsaved = browser.post(f"{here}/autosave", **_seen(before.version), **typed)
    assert (unsaved.status_code, world.audit(reference)) == (422, before)
    [sure] = re.findall(r'name="sure"[^>]*value="([^"]+)"', asked.text)
    assert (
        browser.post(here, **_seen(before.version), **{**typed, "practitioner": "practitioner2@demo.example"}, sure=sure).status_code == 422
    )
    assert browser.post(here, **_seen(before.version), **typed, sure=sure).status_code == 303
    saved = world.audit(reference)
    assert saved.header.team_manager_id == world.person("team.manager2").id
    assert OTHER in text_of(browser.get(here).text)
    # The same person is not asked about again, and the right one never is.
    assert browser.post(here, **_seen(saved.version), **typed).status_code == 303
    assert browser.post(here, **_seen(world.audit(reference).version), **TYPED).status_code == 303
    assert OTHER not in text_of(browser.get(here).text)


def test_a_person_without_the_role_is_asked_about(app: Flask, world: World) -> None:
    reference, browser = an_audit(world, "draft"), Browser(app, "auditor")
    roles.take_role(world.command_context(), world.person("admin"), world.person("team.manager").id, Duty("team_manager"))
    page = text_of(browser.get(f"/audits/{reference}/sections/details").text)
    assert "Team Manager: Tess Marlow does not hold that role now, so the audit can’t be shared. Who does?" in page


def test_it_is_asked_again_before_sharing(app: Flask, world: World) -> None:
    reference, browser = an_audit(world, "graded", details={"team_manager": "team.manager2@demo.example"}), Browser(app, "auditor")
    share = f"/audits/{reference}/moves/share"
    assert OTHER in text_of(browser.get(share).text)
    assert (browser.post(share).status_code, world.audit(reference).state) == (422, "graded")
    assert (browser.post(share, sure="details").status_code, world.audit(reference).state) == (303, "shared")


def test_people_without_a_team_are_not_asked_about(app: Flask, world: World) -> None:
    change_units(world.command_context(), world.person("admin"), world.person("team.manager2").id, "")
    reference = an_audit(world, "draft")
    save(world, "auditor", reference, "details", {**DETAILS, "team_manager": "team.manager2@demo.example"})
    assert "belongs to another team" not in Browser(app, "auditor").get(f"/audits/{reference}/sections/details").text


def _seen(version: int) -> dict[str, Any]:
    return {"seen": str(version)}
