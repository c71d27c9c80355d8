"""A council behind a real server, and pages signed in to it."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

import web.app
from config.settings import Settings
from tests.web.support.server_thread import ServerThread
from web.app import create_app

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
STYLES = Path(web.app.__file__).with_name("static") / "practice-audit.css"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class LiveServer:
    """Everybody’s password is “correct horse”; every complaint of a console is recorded."""

    def __init__(self, browser: Browser, settings: Settings, port: int = 0) -> None:
        self.app = create_app(settings)
        self.council = self.app.extensions["council"]
        self.server = ServerThread(self.app, port)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.browser = browser
        self.complaints: list[str] = []
        self.pages: dict[str, Page] = {}
        self.day = datetime.now(UTC).date()

    def page(self, name: str, **context: Any) -> Page:
        """The page of one person, signed in as anybody would."""
        if name not in self.pages:
            page = self.browser.new_context(**context).new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
            page.goto(self.url)
            page.get_by_label("Email address").fill(f"{name}@demo.example")
            page.get_by_label("Password", exact=True).fill("correct horse")
            page.get_by_role("button", name="Sign in").click()
            page.get_by_role("heading", name="My work").wait_for()
            self.pages[name] = page
        return self.pages[name]

    def stop(self) -> None:
        for page in self.pages.values():
            page.context.close()
        self.server.close()
        self.council.engine.dispose()
