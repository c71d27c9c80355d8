"""axe finds no fault on pages that no link leads to: a visitor’s, not found, and every refusal."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page

from notifications.delivery.acknowledgement_links import AcknowledgementLink, make_token
from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import faults_of, follow
from tests.factories import World, a_world, an_audit, save
from tests.web.support.browser import PASSWORD
from workflow.commands import audit_moves

pytestmark = pytest.mark.browser


@pytest.fixture
def world(served: LiveServer) -> World:
    return a_world(served.council)


def _is_well(page: Page, heading: str) -> None:
    page.get_by_role("heading", name=heading).first.wait_for()
    assert faults_of(page) == []


def test_pages_of_a_visitor(served: LiveServer) -> None:
    page = served.browser.new_page()
    for path in ("/sign-in", "/sign-in?kept=yes", "/audits", "/nowhere"):
        page.goto(served.url + path)
        assert faults_of(page) == []
    page.goto(f"{served.url}/sign-in")
    page.get_by_label("Email address").fill("nobody@demo.example")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("is not correct").first.wait_for()
    assert page.title().startswith("Error: ")
    assert faults_of(page) == []
    page.context.close()


def test_pages_with_nothing_on_them(served: LiveServer) -> None:
    page = served.page("governance")
    for path, said in (
        ("/", "You have no tasks."),
        ("/audits", "There are no audits here"),
        ("/notices", "You have no notices"),
    ):
        page.goto(served.url + path)
        page.get_by_text(said).wait_for()
        assert faults_of(page) == []


def test_what_is_not_yours_and_what_comes_too_late(served: LiveServer, world: World) -> None:
    draft, graded = an_audit(world, at="draft"), an_audit(world, at="graded")
    page = served.page("qa")
    page.goto(f"{served.url}/audits/{draft}/sections/details")
    page.get_by_text("You can’t read this audit").wait_for()
    assert faults_of(page) == []
    auditor = served.page("auditor")
    auditor.goto(f"{served.url}/audits/{graded}/moves/share")
    audit_moves.share(world.command_context(), world.person("auditor"), graded)
    follow(auditor.locator("main form button"))
    auditor.get_by_text("can’t be").or_(auditor.get_by_text("You can’t do this")).first.wait_for()
    assert faults_of(auditor) == []
    auditor.goto(f"{served.url}/audits/{draft}/moves/record_consultation")
    auditor.locator("main form [name=csrf_token]").evaluate("field => field.value = 'forged'")
    auditor.locator("main form button").click()
    auditor.get_by_text("open for too long").wait_for()
    assert faults_of(auditor) == []


def test_a_move_that_is_not_ready_leads_to_each_place(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    save(world, "auditor", reference, "area_1", {"grade": "good"})
    page = served.page("auditor")
    page.goto(f"{served.url}/audits/{reference}/moves/grade")
    page.locator("main form button").click()
    _is_well(page, "There is a problem")
    page.locator(".govuk-error-summary a[href$='/area_1#evidence']").click()
    page.locator("textarea#evidence:target").wait_for()


def test_too_much_text_is_still_on_the_page(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = served.page("auditor", java_script_enabled=False)
    page.goto(f"{served.url}/audits/{reference}/sections/area_1")
    much = "Every word of it. " * 140_000
    page.get_by_label("Evidence").fill(much)
    page.get_by_role("button", name="Save and return").click()
    page.get_by_role("heading", name="There is a problem").wait_for(timeout=30_000)
    assert page.get_by_label("Evidence").input_value().strip() == much.strip()
    page.get_by_label("Evidence").fill("Shorter.")
    page.get_by_role("button", name="Save and return").click()
    page.get_by_text("Saved.", exact=True).wait_for()


def test_an_audit_on_paper(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="moderated")
    page = served.page("practitioner")
    page.goto(f"{served.url}/audits/{reference}/read")
    page.emulate_media(media="print")
    assert faults_of(page) == []
    assert not page.get_by_role("button", name="Sign out").is_visible()
    assert page.get_by_role("heading", name="Quality of plans").is_visible()


def test_pages_of_an_emails_link(served: LiveServer, world: World) -> None:
    world.now = datetime.now(UTC)
    reference = an_audit(world, at="shared", grade="inadequate")
    asked = AcknowledgementLink(reference, world.person("hos.ppqa").id, is_chase=False, made_at=world.now)
    path = f"/acknowledge?token={make_token(asked, served.council.settings)}"
    page = served.browser.new_page()
    page.goto(served.url + path)
    _is_well(page, "Acknowledge an escalation")
    follow(page.get_by_role("button", name="Acknowledge the escalation"))
    _is_well(page, "Acknowledge an escalation")
    assert page.get_by_role("link", name="Choose your initials.").is_visible()
    initials = "".join(word[0] for word in world.person("hos.ppqa").name.split())
    page.get_by_role("group", name="Which are your initials?").get_by_label(initials, exact=True).check()
    follow(page.get_by_role("button", name="Acknowledge the escalation"))
    _is_well(page, "Acknowledged")
    page.goto(served.url + path)
    _is_well(page, "This link can’t be used")
    page.context.close()


def test_the_page_that_shows_a_calendars_address(served: LiveServer) -> None:
    page = served.page("qa")
    page.goto(f"{served.url}/calendar")
    follow(page.get_by_role("button", name="Create an address"))
    _is_well(page, "Confirm it is you")
    page.get_by_label("Your password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Continue"))
    _is_well(page, "Your calendar address")
    page.goto(f"{served.url}/calendar")
    _is_well(page, "Your calendar")
