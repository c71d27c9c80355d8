"""A passkey, made and used by a real browser with a device that Chromium pretends to have."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import follow
from tests.factories import a_council, settings
from tests.notifications.support.smtp_server import free_port
from tests.web.support.browser import PASSWORD
from tests.web.support.sign_in import Visitor, at_the_command_line

pytestmark = pytest.mark.browser
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True,
    "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def named(browser: Browser, tmp_path: Path) -> Iterator[LiveServer]:
    """Served under a host name, because browsers make no passkeys for an IP address; the QA Service needs a second factor."""
    port = free_port()
    a_council(tmp_path / "var").engine.dispose()
    started = LiveServer(browser, settings(tmp_path / "var", BASE_URL=f"http://localhost:{port}", MFA_ROLES="director"), port)
    yield started
    started.stop()


@pytest.fixture
def page(named: LiveServer) -> Iterator[Page]:
    opened = named.browser.new_context().new_page()
    opened.set_default_timeout(15_000)
    opened.on("console", lambda message: named.complaints.append(message.text) if message.type == "error" else None)
    devtools = opened.context.new_cdp_session(opened)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield opened
    opened.context.close()


def test_a_passkey_is_made_signs_in_and_is_removed(named: LiveServer, page: Page) -> None:
    base = named.council.settings.base_url
    _sign_in(page, f"{base}/account/passkeys", "auditor")
    page.get_by_role("button", name="Add a passkey").click()
    _confirm(page, "wrong")
    page.get_by_text("Your password is not correct. Enter it again.").first.wait_for()
    _confirm(page, PASSWORD)
    _add(page)
    follow(page.get_by_role("button", name="Sign out"))
    page.goto(f"{base}/account/passkeys")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("last used on").wait_for()
    page.get_by_role("button", name="Remove work laptop").click()
    page.get_by_role("heading", name="Confirm it is you").wait_for()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("You have no passkeys.").wait_for()
    follow(page.get_by_role("button", name="Sign out"))
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("Practice Audit does not recognise that passkey.").first.wait_for()
    assert [one for one in named.complaints if "422" not in one] == []


def test_a_passkey_counts_as_both_factors(named: LiveServer, page: Page) -> None:
    base = named.council.settings.base_url
    _sign_in(page, f"{base}/audits", "director.safeguarding")
    page.get_by_role("heading", name="Set up two-step verification first").wait_for()
    page.goto(f"{base}/account/passkeys")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_label("Enrolment code").fill(at_the_command_line(named.app, "second-factor", "enrol", "director.safeguarding@demo.example"))
    _confirm(page, PASSWORD)
    _add(page)
    page.goto(f"{base}/audits")
    page.get_by_role("heading", name="Audits", exact=True, level=1).wait_for()


def _confirm(page: Page, password: str) -> None:
    page.get_by_label("Your password", exact=True).fill(password)
    page.get_by_role("button", name="Continue").click()


def _add(page: Page) -> None:
    page.get_by_label("Name of the passkey").fill("work laptop")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="work laptop").wait_for()


def _sign_in(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.get_by_label("Email address").fill(f"{name}@demo.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("credential", ["", "x", "{}", '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}', "[1]", "null"])
def test_what_no_device_answered_signs_nobody_in(named: LiveServer, credential: str) -> None:
    app: Flask = named.app
    visitor = Visitor(app, base_url=named.council.settings.base_url)
    unasked = visitor.send("/sign-in", "/sign-in/passkey", credential=credential)
    asked = visitor.send("/sign-in", "/sign-in/passkey/ask")
    answered = visitor.send("/sign-in", "/sign-in/passkey", credential=credential)
    assert [unasked.status_code, asked.status_code, answered.status_code] == [422, 200, 422]
    assert asked.json is not None
    assert asked.json["userVerification"] == "required"
    assert asked.json["rpId"] == "localhost"
    assert not visitor.is_in()
