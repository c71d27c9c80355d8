"""Server and browser are killed at any moment of an autosave: every acknowledged save is stored."""

import json
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from tests.e2e.support.killable_server import KillableBrowser, KillableServer, sign_in
from tests.factories import World, a_world, an_audit, settings
from tests.support.bar_table import Bar
from web.cli.verify_history import find_first_break, list_references
from web.council import open_council

KILLS = 200
BROWSERS, MORE_BROWSERS, TABS = 3, 25, 8
STARTS_TIMED = 5
# Milliseconds after the last key.
UNTIL_SAVED = 3_000


@pytest.mark.slow_because("an acknowledged save must not be lost, whatever dies")
def test_every_acknowledged_save_survives_two_hundred_kills(server: KillableServer, tmp_path: Path, bar: Bar) -> None:
    council = open_council(settings(tmp_path / "var"))
    world = a_world(council)
    reference = an_audit(world, at="practitioner_consulted")
    cookie, token = sign_in(server, "auditor")
    first_save = _time_of_a_first_save(server, reference, world, cookie, token)
    stored, saves = world.audit(reference).answer("area_1", "evidence"), 0
    for death in range(KILLS):
        killer = threading.Timer(random.uniform(0, 3 * first_save), server.kill)
        killer.start()
        acknowledged, unanswered = _write_until_cut_off(server, reference, world, f"Text {death}", cookie, token)
        killer.join()
        stored_before, stored = stored, world.audit(reference).answer("area_1", "evidence")
        assert stored in {acknowledged[-1] if acknowledged else stored_before, unanswered}, "an acknowledged text is missing"
        saves += len(acknowledged)
        server.start()
    print(f"{KILLS} deaths, {saves} acknowledged saves, 0 missing")
    bar("E4", wanted=KILLS, seen=KILLS)
    assert saves > KILLS // 2
    assert find_first_break(council, list_references(council)) == ""
    council.engine.dispose()


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.slow_because("only here a real browser and a real server die while a page saves")
def test_what_a_page_said_was_saved_survives_the_death_of_server_and_browser(
    playwright: Playwright, server: KillableServer, tmp_path: Path, bar: Bar
) -> None:
    bar("E4", wanted=BROWSERS * TABS, seen=_survives(playwright, server, tmp_path, BROWSERS))


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.timeout(1200)
def test_what_two_hundred_pages_said_was_saved_survives_the_death_of_server_and_browser(
    playwright: Playwright, server: KillableServer, tmp_path: Path, bar: Bar
) -> None:
    bar("E4", wanted=MORE_BROWSERS * TABS, seen=_survives(playwright, server, tmp_path, MORE_BROWSERS))


def _survives(playwright: Playwright, server: KillableServer, tmp_path: Path, deaths: int) -> int:
    """How many pages were open when both died."""
    council = open_council(settings(tmp_path / "var"))
    world = a_world(council)
    written = dict.fromkeys(an_audit(world, at="practitioner_consulted") for _ in range(TABS))
    cookie, _ = sign_in(server, "auditor")
    acknowledged = 0
    for death in range(deaths):
        text = f"Text {death}."
        said = _write_until_both_die(playwright, server, cookie, tuple(written), text)
        server.start()
        for reference, before in written.items():
            written[reference] = world.audit(reference).answer("area_1", "evidence")
            assert written[reference] in ({text} if reference in said else {text, before}), "an acknowledged text is missing"
        acknowledged += len(said)
    print(f"{deaths} deaths of server and browser, {deaths * TABS} pages, {acknowledged} said “Saved”, 0 missing")
    assert acknowledged > deaths
    council.engine.dispose()
    return deaths * TABS


def _write_until_both_die(playwright: Playwright, server: KillableServer, cookie: str, references: tuple[str, ...], text: str) -> set[str]:
    """The audits whose pages said that they are saved, a moment before both were killed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = KillableBrowser(playwright, Path(profile))
        pages = {one: browser.open(f"{server.url}/audits/{one}/sections/area_1", cookie) for one in references}
        for page in pages.values():
            page.get_by_label("Evidence").fill(text)
        browser.context.clock.fast_forward(UNTIL_SAVED)
        if random.choice((True, False)):
            random.choice(list(pages.values())).get_by_text("Saved at").wait_for()
        said = {one for one, page in pages.items() if page.get_by_text("Saved at").count()}
        for dies in random.sample([server.kill, browser.kill], 2):
            dies()
    return said


def _time_of_a_first_save(server: KillableServer, reference: str, world: World, cookie: str, token: str) -> float:
    """In seconds, here and now, by a server that has just started: a slow machine is not to be killed before it could save anything."""
    took = list[float]()
    for number in range(STARTS_TIMED):
        server.kill()
        server.start()
        typed = {"csrf_token": token, "seen": world.audit(reference).version, "evidence": f"Before {number}."}
        began = time.monotonic()
        assert server.ask("POST", f"/audits/{reference}/sections/area_1/autosave", typed, cookie)[0] == 200
        took.append(time.monotonic() - began)
    return statistics.median(took)


def _write_until_cut_off(
    server: KillableServer, reference: str, world: World, words: str, cookie: str, token: str
) -> tuple[list[str], str]:
    """The texts that were acknowledged, and the one whose answer never came."""
    acknowledged: list[str] = []
    while True:
        text, seen = f"{words}.{len(acknowledged)}.", world.audit(reference).version
        typed = {"csrf_token": token, "seen": seen, "evidence": text}
        try:
            status, _, body = server.ask("POST", f"/audits/{reference}/sections/area_1/autosave", typed, cookie)
        except OSError:
            return acknowledged, text
        assert status == 200, body
        assert json.loads(body)["version"] == seen + 1
        acknowledged.append(text)
