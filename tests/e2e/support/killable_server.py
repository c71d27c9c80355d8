"""A server and a browser in processes of their own, to be killed; and what anybody may ask the server over HTTP."""

import http.client
import os
import re
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, Playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.support.live_server import CHROMIUM, FLAGS
from tests.resilience.support.killable_processes import KillableProcesses

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class KillableServer:
    def __init__(self, folder: Path) -> None:
        self.alive = KillableProcesses(folder)
        self.url = f"http://127.0.0.1:{self.alive.port}"

    def start(self) -> None:
        self.alive.begin("web")

    def kill(self) -> None:
        self.alive.end("web")

    def stop(self) -> None:
        self.alive.stop()

    def ask(self, method: str, path: str, typed: dict[str, Any] | None = None, cookie: str = "") -> tuple[int, str, str]:
        """Status, cookie and text of the answer; raises OSError where the server dies meanwhile."""
        connection = http.client.HTTPConnection("127.0.0.1", self.alive.port, timeout=20)
        try:
            connection.request(method, path, urlencode(typed or {}), FORM | {"Cookie": cookie})
            answer = connection.getresponse()
            text = answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError("cut off") from error
        finally:
            connection.close()
        return answer.status, (answer.getheader("Set-Cookie") or cookie).partition(";")[0], text


class KillableBrowser:
    """One that does not answer when it has just begun has shown nothing yet: another takes its place, once."""

    def __init__(self, playwright: Playwright, folder: Path) -> None:
        try:
            self._begin(playwright, folder / "first")
        except PlaywrightTimeout:
            self.kill()
            self._begin(playwright, folder / "second")
        self.context = self.browser.new_context()
        # One clock for all its pages, which can be put forward.
        self.context.clock.install()

    def _begin(self, playwright: Playwright, profile: Path) -> None:
        command = [CHROMIUM, "--headless", *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
        assert self.process.stderr
        said = (re.search(r"ws://\S+", line) for line in self.process.stderr)
        address = next(found[0] for found in said if found)
        # Whatever more it says is read away: a full pipe would stop it.
        self.rest = threading.Thread(target=self.process.communicate)
        self.rest.start()
        self.browser = playwright.chromium.connect_over_cdp(address)

    def open(self, url: str, cookie: str) -> Page:
        name, _, value = cookie.partition("=")
        self.context.add_cookies([{"name": name, "value": value, "url": url}])
        page = self.context.new_page()
        page.goto(url)
        return page

    def kill(self) -> None:
        """With all its processes, as when the machine is switched off."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.rest.join()


def sign_in(server: KillableServer, name: str) -> tuple[str, str]:
    """The cookie and the token of somebody who signed in."""
    _, cookie, page = server.ask("GET", "/sign-in")
    typed = {"csrf_token": _token(page), "email": f"{name}@demo.example", "password": "correct horse"}
    _, cookie, _ = server.ask("POST", "/sign-in", typed, cookie)
    _, _, page = server.ask("GET", "/audits", None, cookie)
    return cookie, _token(page)


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]
