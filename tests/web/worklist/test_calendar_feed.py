"""A private calendar: what is due for its owner by the rights of this moment, by reference only, at an address that can be ended."""

import logging
import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import insert, select
from time_machine import Traveller

from tests.factories import NOW, World, an_audit, assign
from tests.web.access_matrix.runner import table_digests
from tests.web.support.browser import PASSWORD, Browser
from tests.web.support.roles import leaves, now_holds
from web.council import Council
from workflow.commands import action_moves, audit_moves
from workflow.commands.directory import people
from workflow.storage import tables
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import read_transaction, write_transaction

CASE = ("C-1001", "Seen on the file", "Alex", "A family", "Book the visit", "nadequate", "Assessment East")


def address(browser: Browser) -> str:
    page = browser.post("/calendar", proof_password=PASSWORD).get_data(as_text=True)
    found = re.search(r'value="http://localhost(/calendar/[\w-]+\.ics)"', page)
    assert found, "the address is shown once"
    return found[1]


def events(app: Flask, path: str) -> dict[str, tuple[date, str]]:
    """By what they say: the day, and where they lead."""
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    read: Any = Calendar.from_ical(answer.data)
    return {str(one["summary"]): (one["dtstart"].dt, str(one["url"])) for one in read.walk("VEVENT")}


def test_each_calendar_shows_what_is_due_for_its_owner(app: Flask, world: World, clock: Traveller) -> None:
    graded, escalated = an_audit(world, at="graded"), an_audit(world, at="shared", grade="inadequate")
    assign(world, escalated)
    found = {
        name: events(app, address(Browser(app, name))) for name in ("auditor", "moderator", "head.of.service", "practitioner", "governance")
    }
    here = f"http://localhost/audits/{escalated}"
    assert found == {
        "auditor": {f"Agree the actions and share the audit: audit {graded}": (date(2026, 11, 30), f"http://localhost/audits/{graded}")},
        "moderator": {f"Moderate the audit: audit {escalated}": (date(2026, 12, 7), here)},
        "head.of.service": {
            f"Acknowledge the escalation: audit {escalated}": (date(2026, 11, 24), f"{here}/escalation"),
            f"Record the response plan: audit {escalated}": (date(2026, 11, 30), f"{here}/escalation"),
            f"Track action 1 and report when it is complete: audit {escalated}": (date(2026, 12, 20), f"{here}/actions/1"),
        },
        "practitioner": {f"Carry out action 1: audit {escalated}": (date(2026, 12, 20), f"{here}/actions/1")},
        "governance": {},
    }  # fmt: skip


def test_an_empty_calendar_is_a_valid_one(app: Flask, world: World, clock: Traveller) -> None:
    read: Any = Calendar.from_ical(app.test_client().get(address(Browser(app, "governance"))).data)
    assert [one.name for one in read.subcomponents] == ["VTIMEZONE"], "at least one component (RFC 5545, 3.6)"
    assert all(name in read for name in ("PRODID", "VERSION"))


def test_a_moved_date_has_a_higher_sequence(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="moderated")
    owner, auditor = address(Browser(app, "practitioner")), address(Browser(app, "auditor"))
    before = sequences(app, owner)
    action_moves.ask_for_more_time(world.command_context(), world.person("team.manager"), reference, 1, date(2027, 1, 20), "Away.")
    action_moves.grant_more_time(world.command_context(), world.person("qa"), reference, 1)
    after = sequences(app, owner)
    assert (list(before.values()), list(after.values())) == ([(0, date(2026, 12, 20))], [(1, date(2027, 1, 20))])
    assert before.keys() == after.keys()
    corrected = an_audit(world, at="graded", details={"child_id": "C-2"})
    ((uid, first),) = sequences(app, auditor).items()
    clock.shift(timedelta(days=14))
    world.passes(days=14)
    audit_moves.share(world.command_context(), world.person("auditor"), corrected)
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), corrected, "A name is wrong.")
    again = sequences(app, auditor)[uid]
    assert again > first
    assert again[1] > first[1]


def sequences(app: Flask, path: str) -> dict[str, tuple[int, date]]:
    read: Any = Calendar.from_ical(app.test_client().get(path).data)
    return {str(one["uid"]): (int(one["sequence"]), one["dtstart"].dt) for one in read.walk("VEVENT")}


def test_it_holds_no_case_text_and_no_name(app: Flask, world: World, clock: Traveller) -> None:
    an_audit(world, at="shared", grade="inadequate")
    for name in ("head.of.service", "hos.ppqa", "qa", "practitioner"):
        body = app.test_client().get(address(Browser(app, name))).get_data(as_text=True).replace("\r\n ", "")
        names = [person.name for person in world.store.directory().people.values()]
        assert not [words for words in (*CASE, *names, "@demo.example") if words in body]


def test_it_follows_the_rights_of_the_moment(app: Flask, world: World, clock: Traveller) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    council: Council = app.extensions["council"]
    head, owner = address(Browser(app, "head.of.service")), address(Browser(app, "practitioner"))
    assert reference in str(events(app, head))
    now_holds(council, "head.of.service", "auditor")
    assert events(app, head) == {}
    me = world.person("practitioner").id
    with write_transaction(council.engine) as connection:
        declared = {"person_id": me, "child_id": "c-1001", "declared_by": me, "declared_at": NOW}
        connection.execute(insert(tables.connections).values(declared))
        bump_version(connection)
    assert events(app, owner) == {}


def test_every_invalid_address_gets_the_same_answer(app: Flask, world: World, clock: Traveller) -> None:
    council: Council = app.extensions["council"]
    renewed, ended, gone, inactive = (Browser(app, name) for name in ("qa", "qaro", "auditor2", "moderator2"))
    paths = [address(browser) for browser in (renewed, ended, gone, inactive)]
    assert {app.test_client().get(path).status_code for path in paths} == {200}
    newer = address(renewed)
    ended.post("/calendar/end")
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("auditor2").id)
    leaves(council, "moderator2")
    never = app.test_client().get("/calendar/never.ics")
    for path in (*paths, "/calendar/x.ics", "/calendar/é.ics", f"/calendar/{'x' * 5000}.ics", paths[0].replace(".ics", "A.ics")):
        answer = app.test_client().get(path)
        assert (answer.status_code, answer.data) == (404, never.data), path
    assert app.test_client().get(newer).status_code == 200
    people.mark_as_back(world.command_context(), world.person("admin"), world.person("auditor2").id)
    assert app.test_client().get(paths[2]).status_code == 404


def test_only_its_digest_is_stored(app: Flask, clock: Traveller) -> None:
    path = address(Browser(app, "qa"))
    token = path.removeprefix("/calendar/").removesuffix(".ics")
    assert len(token) >= 43, "256 random bits"
    with read_transaction(app.extensions["council"].engine) as connection:
        held = str([connection.execute(select(table)).all() for table in tables.metadata.sorted_tables])
    assert token not in held
    assert path not in Browser(app, "qa").get("/calendar").get_data(as_text=True)


def test_fetching_it_changes_nothing_and_is_cheap_when_nothing_has_changed(app: Flask, world: World, clock: Traveller) -> None:
    an_audit(world, at="shared", grade="inadequate")
    path = address(Browser(app, "hos.ppqa"))
    before = table_digests(app.extensions["council"].engine)
    first = app.test_client().get(path)
    again = app.test_client().get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert app.test_client().head(path).status_code == 200
    assert first.headers["Cache-Control"] == "no-store"
    assert table_digests(app.extensions["council"].engine) == before
    clock.shift(timedelta(days=1))
    assert app.test_client().get(path).data == first.data


def test_no_log_line_holds_the_address(
    app: Flask, world: World, clock: Traveller, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = address(Browser(app, "hos.ppqa"))
    app.testing = False
    monkeypatch.setattr("web.worklist.calendar_routes.list_due_tasks", lambda person: int(path))
    with caplog.at_level(logging.DEBUG):
        assert app.test_client().get(path).status_code == 500
    assert "unexpected ValueError" in caplog.text
    assert path not in caplog.text


def test_a_new_password_ends_it(app: Flask, clock: Traveller) -> None:
    browser = Browser(app, "qa")
    path = address(browser)
    new = "four quiet herons wading"
    assert browser.post("/account/password", old="correct horse", new=new).status_code == 302
    assert app.test_client().get(path).status_code == 404
