"""Signing in with a council account in a real browser, under our own policy: to the issuer and back, and what the page says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import faults_of
from tests.factories import a_council, settings
from tests.web.identity.oidc.conftest import with_issuer
from tests.web.identity.oidc.fake_provider import Issuer

pytestmark = pytest.mark.browser


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    started = Issuer()
    yield started
    started.stop()


@pytest.fixture
def served(browser: Browser, tmp_path: Path, issuer: Issuer, request: pytest.FixtureRequest) -> Iterator[LiveServer]:
    a_council(tmp_path / "var").engine.dispose()
    started = LiveServer(browser, settings(tmp_path / "var", **with_issuer(issuer.url), PASSWORDS=request.param))
    issuer.sends_back_to = f"{started.url}/sign-in/council/answer"
    yield started
    started.stop()


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(served: LiveServer, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = served.browser.new_context(java_script_enabled=request.param)
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    opened.on("console", lambda message: served.complaints.append(message.text) if message.type == "error" else None)
    yield opened
    context.close()


@pytest.mark.parametrize("served", ["off", "on"], indirect=True)
def test_one_button_leads_there_and_back(served: LiveServer, page: Page, issuer: Issuer) -> None:
    page.goto(f"{served.url}/audits")
    page.get_by_role("button", name="Sign in with your council account").press("Enter")
    page.get_by_role("heading", name="Audits").wait_for()
    assert page.url == f"{served.url}/audits"
    assert issuer.asked.count("/token") == 1
    assert served.complaints == []


@pytest.mark.parametrize("served", ["off", "on"], indirect=True)
def test_the_page_says_in_one_sentence_what_went_wrong(served: LiveServer, browser: Browser, issuer: Issuer) -> None:
    context = browser.new_context()
    page = context.new_page()
    issuer.answers["/.well-known/openid-configuration"] = (500, b"")
    page.goto(f"{served.url}/sign-in")
    found = faults_of(page)
    page.get_by_role("button", name="Sign in with your council account").click()
    page.get_by_role("link", name="Your council’s sign-in page is not available.").click()
    assert page.evaluate("document.activeElement.id") == "council-account"
    assert page.title().startswith("Error: Sign in")
    assert found + faults_of(page) == []
    context.close()
