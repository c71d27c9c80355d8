"""Writing in a real browser while the database is unavailable: the page shows it, the text stays, and one press saves it afterwards."""

import pytest
from playwright.sync_api import Page

from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import faults_of
from tests.factories import World, a_world, an_audit
from tests.web.support.outages import away

WORDS = "Seen with her brother,\n\ncalm and well."
pytestmark = pytest.mark.browser


@pytest.fixture
def world(served: LiveServer) -> World:
    return a_world(served.council)


def test_text_that_can_not_be_autosaved_stays_on_the_page_until_it_can(served: LiveServer, world: World) -> None:
    reference, page = an_audit(world, at="practitioner_consulted"), served.page("auditor")
    page.goto(f"{served.url}/audits/{reference}/sections/area_1")
    with away(served.council):
        page.get_by_label("Evidence").fill(WORDS)
        page.get_by_text("Not saved: the service can’t be reached or can’t save at the moment.").wait_for()
        page.get_by_role("button", name="Save and return").click()
        page.get_by_text("We will try again").wait_for()
        assert page.get_by_label("Evidence").input_value() == WORDS
    page.get_by_role("button", name="Save and return").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    assert "calm and well." in str(world.audit(reference).answer("area_1", "evidence"))


def test_without_scripts_one_press_sends_it_again(served: LiveServer, world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    page = _without_scripts(served)
    page.goto(f"{served.url}/audits/{reference}/sections/area_1")
    page.get_by_label("Evidence").fill(WORDS)
    page.get_by_label("Good", exact=True).check()
    with away(served.council):
        page.get_by_role("button", name="Save and return").click()
        page.get_by_role("heading", name="The service can’t reach its database").wait_for()
        assert page.get_by_label("Evidence").input_value() == WORDS
    page.get_by_role("button", name="Send it again").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    audit = world.audit(reference)
    assert (audit.answer("area_1", "grade"), "calm and well." in str(audit.answer("area_1", "evidence"))) == ("good", True)
    page.context.close()


def test_the_page_that_says_it_is_accessible(served: LiveServer, world: World) -> None:
    reference, page = an_audit(world, at="practitioner_consulted"), served.page("auditor")
    page.goto(f"{served.url}/audits/{reference}/sections/area_1")
    page.get_by_label("Evidence").fill(WORDS)
    page.get_by_text("Saved at").wait_for()
    with away(served.council):
        # As the form is sent by a page whose scripts have not come.
        page.evaluate("HTMLFormElement.prototype.submit.call(document.querySelector('form[data-autosave]'))")
        page.get_by_role("heading", name="The service can’t reach its database").wait_for()
        assert faults_of(page) == []


def _without_scripts(served: LiveServer) -> Page:
    page = served.browser.new_context(java_script_enabled=False).new_page()
    page.set_default_timeout(10_000)
    page.goto(served.url)
    page.get_by_label("Email address").fill("auditor@demo.example")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.get_by_role("button", name="Sign in").click()
    return page
