"""A very long audit, by keyboard alone, while the server dies again and again: not one word is missing."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from config.settings import FOLDER
from tests.e2e.support.keyboard import Keyboard
from tests.e2e.support.killable_server import KillableServer, sign_in
from tests.factories import FORM, a_world, settings
from web.cli.demo_audits import resolve_date
from web.council import open_council
from workflow.forms import Section
from workflow.working_days import london_day

SAMPLE = json.loads((FOLDER / "demo" / "audits" / "09-very-long.json").read_text(encoding="utf-8"))
WRITTEN = [section for section in FORM.sections if section.part == "audit" and section.key in SAMPLE and section.key != "actions"]
SAVE = 'button[value="back"]'


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.slow_because("six thousand words are typed and read again")
def test_no_word_of_six_thousand_is_missing(browser: Browser, server: KillableServer, tmp_path: Path) -> None:
    council = open_council(settings(tmp_path / "var"))
    world = a_world(council)
    keys = Keyboard(_signed_in(browser, server))
    keys.press('a[href="/audits/new"]')
    keys.press("main form button")
    reference, today = keys.page.url.split("/")[4], london_day(world.now)
    for section in WRITTEN:
        keys.page.goto(f"{server.url}/audits/{reference}/sections/{section.key}")
        _write_through_a_death(
            keys, server, section, {name: resolve_date(said, today, as_text=True) for name, said in SAMPLE[section.key].items()}
        )
    audit = world.audit(reference)
    words = 0
    for section in WRITTEN:
        for name, answer in SAMPLE[section.key].items():
            if isinstance(answer, str) and section.key != "details":
                assert audit.answer(section.key, name) == answer.strip(), (section.key, name)
                words += len(answer.split())
    print(f"{words} words, {len(WRITTEN)} deaths of the server, 0 words missing")
    assert words >= 6_000
    keys.page.context.close()
    council.engine.dispose()


def _signed_in(browser: Browser, server: KillableServer) -> Page:
    context = browser.new_context()
    name, _, value = sign_in(server, "auditor")[0].partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(server.url)
    return page


def _write_through_a_death(keys: Keyboard, server: KillableServer, section: Section, answers: Mapping[str, Any]) -> None:
    """The server is killed while a field is being written; the page shows that, leaves the text in place, and saves it once the server is back."""
    fields = [field for field in section.fields if answers.get(field.key) is not None]
    dies_at = random.choice(fields)
    for field in fields:
        if field is dies_at:
            server.kill()
        keys.fill(field, answers[field.key])
    keys.tab_to(SAVE)
    keys.page.keyboard.press("Enter")
    keys.page.get_by_text("the service can’t be reached").wait_for()
    server.start()
    keys.press(SAVE)
