"""The demo council with an audit in every state, its pages, and the faults of a page."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from notifications.channels import PermanentFailure, TemporaryFailure
from notifications.delivery.sender import deliver
from tests.e2e.support.crawler import Found, crawl, crawl_sample
from tests.e2e.support.live_server import LiveServer
from tests.factories import World, a_world, an_audit, assign, settings
from tests.support.coverage_sampling import chance
from web.cli.demo_data import load_demo
from web.council import Council, open_council, prepare
from workflow.commands import action_moves, audit_moves, escalations
from workflow.commands.directory import delegations, roles
from workflow.commands.directory import people as people_commands
from workflow.commands.directory.connections import declare_connection
from workflow.commands.safeguarding import record_safeguarding
from workflow.directory import Duty
from workflow.working_days import london_day

AXE = Axe()
VIOLATIONS = "axe.run(document, {resultTypes: ['violations']}).then(results => results.violations.map(one => one.help))"
WIDTHS = (1280, 320)


def demo_council(folder: Path) -> Council:
    """What the demo shows, and the rarer states that it has not."""
    council = open_council(settings(folder))
    prepare(council)
    load_demo(council, "correct horse", london_day(datetime.now(UTC)))
    _add_rarer_states(council)
    return council


def every_page(served: LiveServer) -> list[Found]:
    return list(crawl(served.app, _everybody(served)))


def some_pages(served: LiveServer) -> list[Found]:
    """Every page of the service once at least, and everything that its pages are built of; others each day."""
    return crawl_sample(served.app, _everybody(served), chance("pages"))


def _everybody(served: LiveServer) -> list[str]:
    people = served.council.store.directory().people.values()
    return [person.email.partition("@")[0] for person in people if person.is_active]


def _add_rarer_states(council: Council) -> None:
    world = a_world(council)
    auditor, qa, ppqa = world.person("auditor"), world.person("qa"), world.person("hos.ppqa")
    assign(world, an_audit(world, at="shared"))
    asked = an_audit(world, at="shared")
    audit_moves.withdraw(world.command_context(), auditor, asked, "Begun for the wrong child.")
    gone = an_audit(world, at="shared")
    audit_moves.withdraw(world.command_context(), qa, gone, "Begun twice.")
    audit_moves.withdraw(world.command_context(), ppqa, gone, "Agreed.")
    returned = an_audit(world, at="shared")
    audit_moves.return_for_correction(world.command_context(), ppqa, returned, "The team is wrong.")
    known = an_audit(world, at="shared", grade="inadequate")
    escalations.acknowledge(world.command_context(), world.person("head.of.service"), known)
    record_safeguarding(world.command_context(), world.person("qaro"), known, "2026-11-22", "21:05", "The duty manager.")
    moderated = an_audit(world, at="moderated")
    action_moves.report(world.command_context(), world.person("team.manager"), moderated, 1)
    longer = an_audit(world, at="moderated")
    action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), longer, 1, date(2027, 1, 20), "Away until then.")

    deliver(council.worker_context, SomeRefused(), "demo", lambda: datetime.now(UTC))
    _add_to_the_directory(world)


class SomeRefused:
    """Accepts most emails; refuses some of the rest permanently and some temporarily."""

    def send(self, to: str, message_id: str, body: bytes) -> None:
        if to.startswith("qaro@"):
            raise PermanentFailure("the address was refused with 550")
        if to.startswith("service.manager@"):
            raise TemporaryFailure("the mail server can’t be reached: TimeoutError")

    def close(self) -> None: ...


def _add_to_the_directory(world: World) -> None:
    """Somebody who left, a role that waits, a connection and a delegation."""
    world.now = datetime.now(UTC)
    admin, today = world.person("admin"), world.command_context().today.isoformat()
    roles.give_role(world.command_context(), admin, world.person("moderator2").id, Duty("qa"))
    left = people_commands.add_person(world.command_context(), admin, "Lee Gone", "lee.gone@demo.example")
    people_commands.mark_as_left(world.command_context(), admin, left)
    declare_connection(world.command_context(), world.person("auditor2"), "C-9999")
    auditor = world.person("auditor")
    delegations.delegate(world.command_context(), auditor, auditor.id, world.person("qaro").id, Duty("auditor"), (today, today))


def follow(link: Locator) -> None:
    """Press it and wait for the next page; looking at once would find this page, or none."""
    with link.page.expect_navigation():
        link.click()


def complaints(page: Page) -> Iterator[str]:
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        yield "has to be scrolled sideways"
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    yield from page.evaluate(VIOLATIONS)


def faults_of(page: Page) -> list[str]:
    """The faults of the page as it is now, wide and narrow."""
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{page.url} at {width}: {complaint}" for complaint in complaints(page)]
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    return found
