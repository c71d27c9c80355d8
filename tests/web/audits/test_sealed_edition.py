"""What was sealed is shown as it was shared: its edition is named while a correction is written, and people and teams have the names of then."""

import json
from dataclasses import replace

import pytest
from flask import Flask

from tests.factories import World, an_audit, save
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser, text_of
from workflow.commands import audit_moves
from workflow.commands.directory.people import change_person
from workflow.commands.directory.units import change_unit, find_unit
from workflow.commands.sealed_text import sealed_text

TOLD = "You are reading edition 1, as it was shared on 23 November 2026 at 9:30am."
CORRECTED = f"{TOLD} It is being corrected: edition 2 has not been shared yet."


@pytest.fixture
def returned(world: World) -> str:
    reference = an_audit(world, at="moderated")
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "The wrong sibling.")
    save(world, "auditor", reference, "summary", {"case_summary": "Written for edition 2."})
    return reference


def test_readers_are_told_that_they_read_the_sealed_edition(app: Flask, returned: str) -> None:
    for path in ("", "/read", "/sections/summary"):
        page = text_of(Browser(app, "team.manager").get(f"/audits/{returned}{path}").get_data(as_text=True))
        assert CORRECTED in page, path
        assert "edition 2" not in page.replace(CORRECTED, ""), path
        assert "You are reading" not in text_of(Browser(app, "auditor").get(f"/audits/{returned}{path}").get_data(as_text=True)), path


def test_a_program_and_the_read_log_are_told_which_edition(caller: ApiClient, world: World, returned: str) -> None:
    shown = caller.ok("team.manager@demo.example", "GET", f"/audits/{returned}")
    assert (shown["edition"], shown["sealed_edition"], shown["sealed_at"][:16]) == (2, 1, "2026-11-23T09:30")
    assert shown["sections"]["summary"]["case_summary"] == "A family of three."
    own = caller.ok("auditor@demo.example", "GET", f"/audits/{returned}")
    assert (own["edition"], own["sealed_edition"], own["sealed_at"]) == (2, None, None)
    rows = caller.ok("governance@demo.example", "GET", f"/audits/{returned}/readings")["readings"]
    assert [(row["by"], row["edition"]) for row in rows] == [("auditor@demo.example", 2), ("team.manager@demo.example", 1)]


def test_readers_of_the_present_edition_are_told_nothing(app: Flask, caller: ApiClient, world: World) -> None:
    reference = an_audit(world, at="shared")
    assert "You are reading" not in Browser(app, "team.manager").get(f"/audits/{reference}").get_data(as_text=True)
    assert caller.ok("team.manager@demo.example", "GET", f"/audits/{reference}")["sealed_edition"] is None


def test_a_withdrawn_audit_is_not_being_corrected(app: Flask, world: World) -> None:
    reference = an_audit(world, at="shared")
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "The wrong child.")
    audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), reference, "Agreed.")
    page = text_of(Browser(app, "qa").get(f"/audits/{reference}").get_data(as_text=True))
    assert (TOLD in page, "It is being corrected" in page) == (True, False)


@pytest.mark.parametrize("correct", [False, True])
def test_a_renamed_person_and_a_moved_team_change_no_sealed_page(app: Flask, world: World, correct: bool) -> None:
    reference = an_audit(world, at="shared")
    if correct:
        audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "The wrong sibling.")
    browser = Browser(app, "practitioner")
    paths = (f"/audits/{reference}/sections/details", f"/audits/{reference}/read")
    before = [browser.get(path).get_data(as_text=True) for path in paths]
    rename(world)
    after = [browser.get(path).get_data(as_text=True) for path in paths]
    assert [page for page in after if "Newly Named" in page or "Newly called" in page] == []
    assert [text_of(page) for page in after] == [text_of(page) for page in before]
    assert "Newly Named" in Browser(app, "admin").get(f"/people/{world.person('team.manager').id}").get_data(as_text=True)


def test_a_seal_from_before_teams_were_named_shows_todays_name(world: World) -> None:
    reference = an_audit(world, at="shared")
    sealed = sealed_text(world.store.seals(world.audit(reference)))
    assert sealed
    assert sealed.teams == {"assessment-east": world.store.directory().teams["assessment-east"].name}
    rename(world)
    assert replace(sealed, teams={}).name_as_then(world.store.directory()).teams["assessment-east"].name == "Newly called"
    content = json.loads(world.store.seals(world.audit(reference))[0].content)
    assert content["teams"] == dict(sealed.teams)


def rename(world: World) -> None:
    admin, manager = world.person("admin"), world.person("team.manager")
    change_person(world.command_context(), admin, manager.id, "Newly Named", manager.email)
    team = find_unit(world.store.directory(), "team", "assessment-east")
    elsewhere = next(code for code in world.store.directory().services if code != team.within)
    change_unit(world.command_context(), admin, replace(team, name="Newly called", within=elsewhere))
