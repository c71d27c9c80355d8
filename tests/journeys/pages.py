"""Every page of the demo council, by who opens it and where an audit is; and what can be said against a page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import select

from tests.factories import settings
from web.council import Council, open_council, prepare
from web.demo import load_demo
from workflow.calendar import london_day
from workflow.storage import tables
from workflow.storage.engine import reading

WIDTHS = (1280, 320)
PAGES = (
    ("auditor", "/"), ("auditor", "/audits/new"), ("auditor", "{draft}"), ("auditor", "{draft}/sections/details"),
    ("auditor", "{draft}/moves/record_consultation"), ("auditor", "{practitioner_consulted}"), ("auditor", "{practitioner_consulted}/sections/area_5"),
    ("auditor", "{practitioner_consulted}/sections/area_9"), ("auditor", "{graded}"), ("auditor", "{graded}/sections/actions"),
    ("auditor", "{graded}/actions/new"), ("auditor", "{graded}/actions/1"), ("auditor", "{graded}/moves/share"), ("auditor", "{graded}/moves/withdraw"),
    ("auditor", "{shared}"), ("auditor", "/nowhere"), ("qa", "/"), ("qa", "/audits"), ("qa", "/notices"), ("qa", "/audits/new"),
    ("qa", "{shared}/moves/waive_moderation"), ("qa", "{actions_closed}"), ("qa", "{actions_closed}/moves/reopen"),
    ("moderator", "/"), ("moderator", "{shared}"), ("moderator", "{shared}/sections/moderation"), ("practitioner", "/"), ("practitioner", "{moderated}"),
    ("practitioner", "{moderated}/actions/1"), ("team.manager", "/"), ("head.of.service", "/"), ("head.of.service", "{moderated}"),
    ("head.of.service", "{moderated}/escalation"), ("head.of.service", "{moderated}/read"), ("head.of.service", "{moderated}/history"),
    ("head.of.service", "{moderated}/actions/1"), ("hos.ppqa", "/"), ("director.safeguarding", "/"), ("governance", "/audits"), ("admin", "{moderated}"),
)  # fmt: skip
# Forms sent as they stand, which is refused.
REFUSED = (
    ("auditor", "{practitioner_consulted}/moves/grade"), ("auditor", "{graded}/actions/new"), ("auditor", "{graded}/moves/withdraw"),
    ("qa", "{shared}/moves/waive_moderation"), ("qa", "{actions_closed}/moves/reopen"),
    ("head.of.service", "{moderated}/escalation"), ("head.of.service", "{moderated}/actions/new"),
)  # fmt: skip


def demo(folder: Path) -> Council:
    council = open_council(settings(folder))
    prepare(council)
    load_demo(council, "correct horse", london_day(datetime.now(UTC)))
    return council


def audits_of(council: Council) -> dict[str, str]:
    """The path of one audit in each state."""
    with reading(council.engine) as connection:
        return {
            row.state: f"/audits/{row.reference}" for row in connection.execute(select(tables.audits.c.state, tables.audits.c.reference))
        }


def complaints(page: Page) -> Iterator[str]:
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield "has to be scrolled sideways"
    yield from (violation["help"] for violation in Axe().run(page).response["violations"])
