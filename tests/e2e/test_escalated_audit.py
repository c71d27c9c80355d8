"""An Inadequate audit, whole, in the browser: written, shared, moderated, acknowledged, planned, resolved, done and closed.

Everybody finds their way from “My work” by what the links and buttons say.
"""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from config.settings import FOLDER
from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import faults_of, follow
from web.cli.demo_audits import resolve_date
from workflow.form_loader import load_form
from workflow.forms import Field

SAMPLE = json.loads((FOLDER / "demo" / "audits" / "03-baby-not-seen.json").read_text(encoding="utf-8"))
FORM = load_form(FOLDER / "forms" / "practice_evaluation.toml")
NAMES = {"practitioner": "Priya Nair", "team_manager": "Tess Marlow", "service_manager": "Sian Pritchard", "qaro": "Quentin Rowe"}
OWNERS = {
    "practitioner": "Priya Nair",
    "team.manager": "Tess Marlow",
    "service.manager": "Sian Pritchard",
    "qaro": "Quentin Rowe",
    "head.of.service": "Helen Osborne",
}
RECIPIENTS = ("head.of.service", "director.safeguarding", "hos.ppqa")


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.slow_because("the only journey through every page that an Inadequate audit comes by")
def test_people_take_an_inadequate_audit_to_its_end_in_the_browser(served: LiveServer) -> None:
    auditor = served.page("auditor2")
    follow(auditor.get_by_role("button", name="Start an audit"))
    follow(auditor.get_by_role("button", name="Start now"))
    _write_sections(served, auditor)
    _move(auditor, "Record the consultation")
    for action in SAMPLE["actions"]:
        _add_action(served, auditor, action)
    _move(auditor, "Finish grading")
    follow(auditor.get_by_role("button", name="Share the audit"))
    assert auditor.get_by_text("each must acknowledge it.").is_visible()
    for recipient in ("Helen Osborne", "Dawn Sefton", "Paula Pemberton"):
        assert auditor.get_by_role("definition").get_by_text(recipient).is_visible()
    assert faults_of(auditor) == []
    follow(auditor.get_by_role("button", name="Share the audit"))
    _moderate(served)
    _see_the_escalation_through(served)
    _see_the_actions_through(served)
    closing = served.page("hos.ppqa")
    _my_work(closing, "Close the audit")
    follow(closing.get_by_role("button", name="Close the audit"))
    follow(closing.get_by_role("button", name="Close the audit"))
    closing.get_by_role("heading", name="Actions closed").wait_for()
    assert faults_of(closing) == []
    assert served.complaints == []


def _write_sections(served: LiveServer, page: Page) -> None:
    """From the first to the last, by “Save and continue”."""
    for section in FORM.sections:
        if section.part == "audit":
            page.get_by_role("heading", level=1, name=section.title, exact=True).wait_for()
            said = SAMPLE[section.key] if section.key != "actions" else {}
            for field in section.fields:
                if (answer := resolve_date((said or {}).get(field.key), served.day)) is not None:
                    _answer(page, field, answer)
            if section.key in {"details", "area_1"}:
                assert faults_of(page) == []
            follow(page.get_by_role("button", name="Save and continue"))
    page.get_by_role("heading", level=1, name="Draft").wait_for()


def _answer(page: Page, field: Field, answer: Any) -> None:
    if field.kind == "date":
        _fill_day(page, field.label, answer)
    elif field.kind == "yes_no":
        page.get_by_role("group", name=field.label).get_by_label("Yes" if answer else "No").check()
    elif field.kind == "choice":
        label = next(choice.label for choice in field.choices if choice.value == answer)
        page.get_by_role("group", name=field.label).get_by_label(label, exact=True).check()
    elif field.kind == "person":
        page.get_by_label(field.label, exact=True).select_option(label=NAMES[field.key])
    elif field.kind == "team":
        page.get_by_label(field.label, exact=True).select_option(value=answer)
    else:
        page.get_by_label(field.label, exact=True).fill(answer)


def _fill_day(page: Page, label: str, day: date) -> None:
    group = page.get_by_role("group", name=label)
    for part, number in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        group.get_by_label(part).fill(str(number))


def _add_action(served: LiveServer, page: Page, action: Any) -> None:
    follow(page.get_by_role("button", name="Add an action"))
    page.get_by_label("Agreed action").fill(action["text"])
    page.get_by_label("Person responsible").select_option(label=OWNERS[action["owner"].removesuffix("@demo.example")])
    _fill_day(page, "Completion date", resolve_date(SAMPLE["details"]["audit_date"], served.day) + timedelta(days=action["due_in_days"]))
    follow(page.get_by_role("button", name="Add action"))


def _move(page: Page, name: str) -> None:
    follow(page.get_by_role("button", name=name))
    follow(page.get_by_role("button", name=name))


def _my_work(page: Page, verb: str) -> None:
    follow(page.get_by_role("link", name="My work"))
    follow(page.get_by_role("link", name=verb).first)


def _moderate(served: LiveServer) -> None:
    qa = served.page("qa")
    _my_work(qa, "Assign a moderator")
    follow(qa.get_by_role("link", name="Assign a moderator"))
    qa.get_by_label("Maureen Odell").check()
    follow(qa.get_by_role("button", name="Assign"))
    moderator = served.page("moderator")
    _my_work(moderator, "Moderate the audit")
    assert faults_of(moderator) == []
    follow(moderator.get_by_role("link", name="14. Moderation"))
    for field in FORM.section("moderation").fields:
        if answer := SAMPLE["moderation"].get(field.key):
            _answer(moderator, field, answer)
    follow(moderator.get_by_role("button", name="Save and return"))
    _move(moderator, "Finish moderation")
    moderator.get_by_role("heading", level=1, name="Moderated").wait_for()


def _see_the_escalation_through(served: LiveServer) -> None:
    for name in RECIPIENTS:
        page = served.page(name)
        _my_work(page, "Acknowledge the escalation")
        assert faults_of(page) == []
        follow(page.get_by_role("button", name="Acknowledge the escalation"))
        page.get_by_text("Escalation acknowledged").first.wait_for()
    hos = served.page("head.of.service")
    hos.get_by_label("What will be done, who will do it and by when").fill("Daily management oversight; the file is read in a week.")
    follow(hos.get_by_role("button", name="Save the plan"))
    ppqa = served.page("hos.ppqa")
    _my_work(ppqa, "Resolve the escalation")
    ppqa.get_by_label("Reason").fill("The plan is carried out and seen on the file.")
    follow(ppqa.get_by_role("button", name="Resolve the escalation"))
    ppqa.get_by_text("Resolved").first.wait_for()


def _see_the_actions_through(served: LiveServer) -> None:
    owner = served.page("practitioner")
    _my_work(owner, "Carry out action")
    owner.get_by_label("Progress", exact=True).fill("Seen today.")
    owner.get_by_label("Evidence", exact=True).fill("Visit record of today.")
    follow(owner.get_by_role("button", name="Save progress"))
    assert faults_of(owner) == []
    hos, ppqa = served.page("head.of.service"), served.page("hos.ppqa")
    for _ in SAMPLE["actions"]:
        follow(hos.get_by_role("link", name="My work"))
        follow(hos.get_by_role("link", name="action").first)
        follow(hos.get_by_role("button", name="Report completion"))
        hos.get_by_text("Reported complete").first.wait_for()
    for _ in SAMPLE["actions"]:
        _my_work(ppqa, "Verify that action")
        follow(ppqa.get_by_role("button", name="Verify completion"))
        ppqa.get_by_text("Verified", exact=True).first.wait_for()
