"""Every page at both widths, as pictures in `screenshots/`, to be looked at. Says what axe finds and what overflows."""

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright
from rich.progress import track
from sqlalchemy import select

from tests.factories import settings
from tests.journeys.served import CHROMIUM, FLAGS, Served
from web.council import Council, open_council, prepare
from web.demo import load_demo
from workflow.calendar import london_day
from workflow.storage import tables
from workflow.storage.engine import reading

FOLDER = Path(__file__).resolve().parents[2] / "screenshots"
WIDTHS = (1280, 320)
NAMES = str.maketrans({"/": "-", "}": ""})
PAGES = (
    ("auditor", "/"), ("auditor", "/audits/new"), ("auditor", "{draft}"), ("auditor", "{draft}/sections/details"),
    ("auditor", "{draft}/moves/record_consultation"), ("auditor", "{practitioner_consulted}"), ("auditor", "{practitioner_consulted}/sections/area_5"),
    ("auditor", "{practitioner_consulted}/sections/area_9"), ("auditor", "{graded}"), ("auditor", "{graded}/sections/actions"),
    ("auditor", "{graded}/actions/new"), ("auditor", "{graded}/actions/1"), ("auditor", "{graded}/moves/share"), ("auditor", "{graded}/moves/withdraw"),
    ("auditor", "{shared}"), ("auditor", "/nowhere"), ("qa", "/"), ("qa", "/audits"), ("qa", "/notices"), ("qa", "/audits/new"),
    ("qa", "{shared}/moderator"), ("qa", "{shared}/moves/waive_moderation"), ("qa", "{actions_closed}"), ("qa", "{actions_closed}/moves/reopen"),
    ("moderator", "/"), ("moderator", "{shared}"), ("moderator", "{shared}/sections/moderation"), ("practitioner", "/"), ("practitioner", "{moderated}"),
    ("practitioner", "{moderated}/actions/1"), ("team.manager", "/"), ("head.of.service", "/"), ("head.of.service", "{moderated}"),
    ("head.of.service", "{moderated}/escalation"), ("head.of.service", "{moderated}/read"), ("head.of.service", "{moderated}/history"),
    ("head.of.service", "{moderated}/actions/1"), ("hos.ppqa", "/"), ("director.safeguarding", "/"), ("governance", "/audits"), ("admin", "{moderated}"),
)  # fmt: skip


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        council = _demo(Path(data))
        served = Served(playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS), council.settings)
        complaints = list(_pictures(served, _audits(council)))
        served.stop()
    print("\n".join(complaints) or f"{len(PAGES) * len(WIDTHS)} pictures in {FOLDER}; nothing to complain of.")
    return 1 if complaints else 0


def _demo(folder: Path) -> Council:
    council = open_council(settings(folder))
    prepare(council)
    load_demo(council, "correct horse", london_day(datetime.now(UTC)))
    return council


def _audits(council: Council) -> dict[str, str]:
    """The path of one audit in each state."""
    with reading(council.engine) as connection:
        return {
            row.state: f"/audits/{row.reference}" for row in connection.execute(select(tables.audits.c.state, tables.audits.c.reference))
        }


def _pictures(served: Served, audits: dict[str, str]) -> Iterator[str]:
    for number, (name, path) in enumerate(track(PAGES, "Taking pictures"), start=1):
        page = served.page(name)
        page.goto(served.url + path.format(**audits))
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(
                path=FOLDER / f"{number:02}-{name}-{path.strip('/{').translate(NAMES) or 'my-work'}-{width}.png", full_page=True
            )
            yield from (f"{name} {path} at {width}: {found}" for found in _complaints(page))


def _complaints(page: Page) -> Iterator[str]:
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield "has to be scrolled sideways"
    yield from (violation["help"] for violation in Axe().run(page).response["violations"])


if __name__ == "__main__":
    sys.exit(main())
