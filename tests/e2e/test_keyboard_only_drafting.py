"""A whole audit without a mouse, and again without scripts: nothing needs either."""

import json
from datetime import timedelta

import pytest

from config.settings import FOLDER
from tests.e2e.support.keyboard import Keyboard
from tests.e2e.support.live_server import LiveServer
from tests.factories import FORM, World, a_world
from web.cli.demo_audits import resolve_date

SAMPLE = json.loads((FOLDER / "demo" / "audits" / "01-neglect-at-home.json").read_text(encoding="utf-8"))


@pytest.fixture
def world(served: LiveServer) -> World:
    return a_world(served.council)


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_audit_is_written_and_shared_by_keyboard_alone(served: LiveServer, world: World, scripts: bool) -> None:
    keys = Keyboard(served.page("auditor", java_script_enabled=scripts))
    keys.press('a[href="/audits/new"]')
    keys.press("main form button")
    reference = keys.page.url.split("/")[4]
    _write(keys, reference, ("details", "consultation"), served)
    _move(keys, reference, "record_consultation")
    _write(keys, reference, ("summary", *(f"area_{n}" for n in range(1, 13)), "declaration"), served)
    _add_action(keys, reference, served)
    _move(keys, reference, "grade")
    _move(keys, reference, "share")
    audit = world.audit(reference)
    assert audit.state == "shared"
    for section in ("summary", *(f"area_{n}" for n in range(1, 13))):
        for name, answer in SAMPLE[section].items():
            if isinstance(answer, str):
                assert audit.answer(section, name) == answer.strip(), (section, name)


def _write(keys: Keyboard, reference: str, sections: tuple[str, ...], served: LiveServer) -> None:
    for key in sections:
        keys.page.goto(f"{served.url}/audits/{reference}/sections/{key}")
        for field in FORM.section(key).fields:
            answer = SAMPLE[key].get(field.key)
            keys.fill(field, resolve_date(answer, served.day, as_text=True) if field.kind == "date" else answer)
        keys.press('button[value="back"]')


def _move(keys: Keyboard, reference: str, move: str) -> None:
    keys.press(f'a[href$="/moves/{move}"]')
    keys.press("main form button")


def _add_action(keys: Keyboard, reference: str, served: LiveServer) -> None:
    keys.press(f'a[href$="/audits/{reference}/actions/new"]')
    keys.type('[name="text"]', SAMPLE["actions"][0]["text"])
    keys.tab_to('[name="owner"]')
    keys.page.keyboard.type("Priya")
    due = served.day + timedelta(days=20)
    for part, value in (("day", due.day), ("month", due.month), ("year", due.year)):
        keys.type(f'[name="due_on-{part}"]', str(value))
    keys.press("main form button")
