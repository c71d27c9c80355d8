"""From shared to closed without a mouse, by everybody whose turn it is, each from “My work”; with scripts and without."""

from typing import Any

import pytest

from tests.e2e.support.keyboard import Keyboard
from tests.e2e.support.live_server import LiveServer
from tests.factories import FORM, World, a_world, an_audit

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])]
JUDGEMENT = {"grade": "good", "evidence": "Read again, and the same is seen.", "impact": "Alex is safer at home."}


class Everybody:
    """The person whose turn it is opens “My work” and continues from there."""

    def __init__(self, served: LiveServer, reference: str, scripts: bool) -> None:
        self.served, self.reference, self.scripts = served, reference, scripts

    def at(self, name: str) -> Keyboard:
        keys = Keyboard(self.served.page(name, java_script_enabled=self.scripts))
        keys.page.goto(self.served.url)
        keys.press(f'main a[href*="/{self.reference}"]')
        return keys

    def presses(self, name: str, *selectors: str) -> None:
        keys = self.at(name)
        for selector in selectors:
            keys.press(selector)

    def reports_verifies_and_closes(self, reporter: str, verifier: str) -> None:
        self.presses(reporter, "#move-report button")
        self.presses(verifier, "#move-verify button")
        self.presses(verifier, 'main a[href$="/moves/close_actions"]', "main form button")


@pytest.fixture
def world(served: LiveServer) -> World:
    return a_world(served.council)


def test_a_shared_audit_is_taken_to_its_end(served: LiveServer, world: World, scripts: bool) -> None:
    reference = an_audit(world, at="shared")
    everybody = Everybody(served, reference, scripts)
    qa = everybody.at("qa")
    qa.press('main a[href$="/moderator"]')
    qa.choose("person", "moderator@demo.example")
    qa.press("main form button")
    _moderate(everybody.at("moderator"), JUDGEMENT)
    owner = everybody.at("practitioner")
    owner.type('[name="progress"]', "Seen today.")
    owner.type('[name="evidence"]', "The record of the visit.")
    owner.press('form[action$="/progress"] button')
    everybody.reports_verifies_and_closes("team.manager", "qa")
    audit = world.audit(reference)
    assert (audit.state, audit.actions[0].progress, audit.answer("moderation", "grade")) == ("actions_closed", "Seen today.", "good")
    assert served.complaints == []


def test_an_escalation_is_taken_to_its_end(served: LiveServer, world: World, scripts: bool) -> None:
    reference = an_audit(world, at="moderated", grade="inadequate")
    everybody = Everybody(served, reference, scripts)
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        everybody.presses(name, 'form[action$="/acknowledge"] button')
    plans = everybody.at("head.of.service")
    plans.type('[name="plan"]', "Daily oversight; the file is read in a week.")
    plans.press('form[action$="/plan"] button')
    resolves = everybody.at("hos.ppqa")
    resolves.type('form[action$="/resolve"] [name="reason"]', "The plan is carried out.")
    resolves.press('form[action$="/resolve"] button')
    everybody.reports_verifies_and_closes("head.of.service", "hos.ppqa")
    audit = world.audit(reference)
    assert (audit.state, audit.escalation_state) == ("actions_closed", "resolved")
    assert served.complaints == []


def _moderate(keys: Keyboard, judgement: dict[str, Any]) -> None:
    keys.press('main a[href$="/sections/moderation"]')
    for field in FORM.section("moderation").fields:
        keys.fill(field, judgement.get(field.key))
    keys.press('button[value="back"]')
    keys.press('main a[href$="/moves/moderate"]')
    keys.press("main form button")
