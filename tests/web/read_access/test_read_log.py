"""Every interface, for everybody: an answer holds case text exactly if one row records who read it. New routes are included."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from tests.factories import FORM, NOW, RULES, World, an_audit, answers, assign, save
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import Axis, chance, cover
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from web.council import Council
from workflow.commands import action_moves, actions, audit_moves, emergency_access, escalations
from workflow.commands.actions import NewAction
from workflow.commands.safeguarding import record_safeguarding
from workflow.storage.engine import read_transaction
from workflow.storage.tables import connections, readings

CANARY = "kestrel"
PEOPLE = (
    "auditor", "practitioner", "practitioner2", "team.manager", "qa", "moderator", "head.of.service", "director.safeguarding", "hos.ppqa",
    "governance", "admin", "auditor2",
)  # fmt: skip
# They show answers that can’t hold a canary: Yes, “not answered”, and none at all.
WITHOUT_TEXT = re.compile(r"/sections/(declaration|(additional_)?actions)(/autosave)?$")
NEVER_WITH_THE_REST = {"child_id", "qaro_none_reason", "not_applicable_reason", "no_actions_reason", "not_possible_reason"}
NEVER_CALLED = {"sign_in.leave", "sign_in.enter", "static"}
VALUES: dict[str, list[Any]] = {
    "section": [section.key for section in FORM.sections], "move": [*RULES.audit.moves], "number": [1, 2], "filename": ["favicon.svg"],
    "emergency_id": [1], "email_id": [1], "person_id": [3], "token_id": [1], "connection_id": [1], "delegation_id": [1], "request_id": [1], "kind": ["team"],
    "code": ["care-west"], "session": ["x"], "token": ["nothing"], "role": ["team_manager"],
}  # fmt: skip


def canaries(grade: str) -> dict[str, dict[str, Any]]:
    """Every text of every section."""
    given = {key: dict(stored) for key, stored in answers(grade, child_id=f"{CANARY}-1", qaro_none_reason=None).items()}
    for section in FORM.sections:
        for one in section.fields:
            if one.kind in {"text", "long_text"} and one.key not in NEVER_WITH_THE_REST:
                given.setdefault(section.key, {})[one.key] = f"{CANARY} {section.key} {one.key}"
    return {key: value for key, value in given.items() if key != "moderation"}


def an_audit_full_of_them(world: World, at: str, grade: str = "inadequate") -> str:
    reference, auditor = an_audit(world, "draft"), world.person("auditor")
    for section, given in canaries(grade).items():
        save(world, "auditor", reference, section, given)
    for owner in ("practitioner", "practitioner2"):
        actions.add_action(
            world.command_context(), auditor, reference, NewAction(f"{CANARY} action", f"{owner}@demo.example", "2026-12-20")
        )
    if at != "draft":
        for move in (audit_moves.record_consultation, audit_moves.grade, audit_moves.share):
            move(world.command_context(), auditor, reference)
        _go_on(world, reference)
    return reference


def _go_on(world: World, reference: str) -> None:
    """Moderation saved, progress, a reason to return, more time asked, a plan, and a raised reason in the history."""
    qa, owner = world.person("qa"), world.person("practitioner")
    assign(world, reference)
    save(world, "moderator", reference, "moderation", {"grade": "inadequate", "evidence": CANARY, "impact": CANARY})
    actions.record_progress(world.command_context(), owner, reference, 1, f"{CANARY} progress", f"{CANARY} evidence")
    action_moves.report(world.command_context(), world.person("head.of.service"), reference, 1)
    action_moves.return_action(world.command_context(), world.person("hos.ppqa"), reference, 1, f"{CANARY} note")
    record_safeguarding(world.command_context(), qa, reference, "2026-11-22", "9:30", f"{CANARY} told")
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, f"{CANARY} plan")
    audit_moves.withdraw(world.command_context(), qa, reference, f"{CANARY} reason")


@pytest.fixture
def audits(app: Flask, world: World) -> list[str]:
    """An old audit, a draft about the same child, and one to which a stranger has emergency access; somebody is connected to the child."""
    found = [an_audit_full_of_them(world, "shared"), an_audit_full_of_them(world, "draft")]
    council: Council = app.extensions["council"]
    stranger, lets_in = world.person("auditor2"), world.person("hos.ppqa")
    emergency_access.ask_to_read_in_emergency(council.command_context(), stranger, found[0], "A call at night.")
    emergency_access.let_in(council.command_context(), lets_in, 1)
    return found


def ways(app: Flask, audits: list[str], method: str) -> Iterator[tuple[Rule, str]]:
    """Every path of every rule; a rule with a part that has no value here fails by name."""
    values = {**VALUES, "reference": audits, "action_id": [f"{reference}-{n}" for reference in audits for n in (1, 2)]}
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint not in NEVER_CALLED:
            parts = sorted(rule.arguments)
            for chosen in itertools.product(*(values[part] for part in parts)):
                built = rule.build(dict(zip(parts, chosen, strict=True)))
                assert built is not None
                yield rule, built[1]


class Watch:
    """The rows logged since the last call."""

    def __init__(self, council: Council) -> None:
        self.council, self.last = council, 0

    def rows(self) -> list[Any]:
        with read_transaction(self.council.engine) as connection:
            rows = connection.execute(select(readings).where(readings.c.id > self.last).order_by(readings.c.id)).all()
        self.last = max((row.id for row in rows), default=self.last)
        return list(rows)


def _count_log_rows(watch: Watch, name: str, path: str, body: str, person_id: int) -> int:
    rows = watch.rows()
    shows = CANARY in body or bool(WITHOUT_TEXT.search(path) and rows)
    whose = [(row.person_id, row.reference) for row in rows]
    assert {one[0] for one in whose} <= {person_id}, (name, path)
    assert len(set(whose)) == len(whose), (name, path, "twice")
    assert bool(rows) == shows, (name, path, whose)
    assert not rows or rows[0].reference in path or "search" in path, (name, path)
    assert not [row for row in rows if CANARY in f"{row.what} {row.by_name}"]
    return len(rows)


Call = tuple[str, str, Rule, str]
"""Whose, method, rule and path."""


def _calls(app: Flask, audits: list[str]) -> list[Call]:
    """All that everybody can ask for; what changes nothing first."""
    return [
        (name, method, rule, path)
        for name in PEOPLE
        for method in ("GET", "POST", "PUT", "PATCH")
        for rule, path in ways(app, audits, method)
    ]


@pytest.mark.slow_because("a page that shows case text and logs nothing shows here alone")
def test_an_answer_holds_case_text_exactly_if_one_row_records_who_read_it(
    app: Flask, world: World, caller: ApiClient, audits: list[str], bar: Bar
) -> None:
    """Each route for each person, each page of each audit for each person, and each path for somebody; others each day."""
    by: list[Axis[Call]] = [
        lambda call: (call[0], call[1], call[2].endpoint, call[1] == "GET" and audits[0] in call[3]),
        lambda call: (call[1], call[3]),
    ]
    calls = cover(_calls(app, audits), by, chance("read log"))
    bar("L4", wanted=len(calls), seen=_are_logged(app, world, caller, calls))


@pytest.mark.long
def test_every_answer_holds_case_text_exactly_if_one_row_records_who_read_it(
    app: Flask, world: World, caller: ApiClient, audits: list[str], bar: Bar
) -> None:
    calls = _calls(app, audits)
    bar("L4", wanted=len(calls), seen=_are_logged(app, world, caller, calls))


def _are_logged(app: Flask, world: World, caller: ApiClient, calls: list[Call]) -> int:
    """How many answers were looked at."""
    watch, logged = Watch(app.extensions["council"]), 0
    browsers = {name: Browser(app, name) for name in PEOPLE}
    for name, method, rule, path in calls:
        person, browser = world.person(name), browsers[name]
        if rule.rule.startswith("/api/"):
            answer = caller.call(person.email, method, path.removeprefix("/api/v1"), None if method == "GET" else {}, If_Match='"1"')
        else:
            answer = browser.get(path) if method == "GET" else browser.post(path, seen=1)
        assert answer.status_code < 500 or path.endswith("/health"), (name, path)
        logged += _count_log_rows(watch, name, path, answer.get_data(as_text=True), person.id)
    print(f"{len(calls)} answers to {len(PEOPLE)} people, {logged} reads logged")
    assert logged > 100
    return len(calls)


def test_an_unsaved_draft_is_logged_and_so_is_the_last_audit_beside_it(app: Flask, world: World, audits: list[str]) -> None:
    old, draft = audits
    browser, watch = Browser(app, "auditor"), Watch(app.extensions["council"])
    path = f"/audits/{draft}/sections/details"
    browser.post(f"{path}/autosave", seen=1, child_id=f"{CANARY}-1", audit_date__day="31", audit_date__month="2", audit_date__year="2026")
    page = browser.get(path).get_data(as_text=True)
    assert "Not saved yet" in page
    assert "Previous audit of this child" in page
    assert [(row.reference, row.what) for row in watch.rows()][-2:] == [(draft, "sections.show/details"), (old, "sections.show/details")]


def test_both_texts_of_a_conflict_are_logged_on_the_page_by_script_and_over_json(
    app: Flask, world: World, caller: ApiClient, audits: list[str]
) -> None:
    draft, watch, browser = audits[1], Watch(app.extensions["council"]), Browser(app, "auditor")
    path, me = f"/audits/{draft}/sections/summary", "auditor@demo.example"
    watch.rows()
    answered = [
        browser.post(path, seen=1, case_summary="Mine."), browser.post(f"{path}/autosave", seen=1, case_summary="Mine."),
        caller.call(me, "PUT", path, {"case_summary": "Mine."}, If_Match='"1"'),
    ]  # fmt: skip
    assert [(one.status_code, CANARY in one.get_data(as_text=True)) for one in answered] == [(409, True)] * 3
    assert [(row.door, row.what) for row in watch.rows()] == [
        ("page", "sections.save/summary"), ("page", "sections.autosave/summary"), ("json", "api_audits.save_section/summary"),
    ]  # fmt: skip


def test_a_save_that_answers_only_a_version_or_leads_on_notes_nothing(app: Flask, world: World, audits: list[str]) -> None:
    draft, browser, watch = audits[1], Browser(app, "auditor"), Watch(app.extensions["council"])
    path, version = f"/audits/{draft}/sections/summary", world.audit(draft).version
    watch.rows()
    assert browser.post(f"{path}/autosave", seen=version, case_summary="New.").status_code == 200
    assert browser.post(path, seen=version + 1, case_summary="Newer.").status_code == 303
    assert watch.rows() == []


def test_a_connected_person_reads_nothing_even_with_earlier_emergency_access(app: Flask, world: World, audits: list[str]) -> None:
    council: Council = app.extensions["council"]
    stranger, browser, path = world.person("auditor2"), Browser(app, "auditor2"), f"/audits/{audits[0]}/read"
    assert CANARY in browser.get(path).get_data(as_text=True)
    with council.engine.begin() as connection:
        connection.execute(
            connections.insert().values(person_id=stranger.id, child_id=f"{CANARY}-1", declared_by=stranger.id, declared_at=NOW)
        )
        connection.exec_driver_sql("UPDATE directory SET version = version + 1")
    assert browser.get(path).status_code == 404


def test_only_the_stored_answer_is_made_before_it_is_logged() -> None:
    """`view_without_logging` and the store’s reasons are called in web only where showing them is logged."""
    from tests.architecture.test_code_conventions import ROOT

    found = {
        path.name
        for path in (ROOT / "web").rglob("*.py")
        if re.search(r"\bview_without_logging\(|\.remarks\(|history_and_reasons|\._full\b|\.seals\(", path.read_text(encoding="utf-8"))
    }
    assert found == {"serialisers.py", "export.py", "verify_history.py"}
