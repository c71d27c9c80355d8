"""The server dies at any moment of an autosave, and the browser with it: whatever was acknowledged is there."""

import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.factories import House, a_council, a_house, an_audit, settings
from web.council import open_council
from web.verifying import every_reference, first_break

KILLS = 200
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Server:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "tests.journeys.killable_server", str(folder), str(self.port)]
        self.parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = 0

    def start(self) -> None:
        assert self.parent.stdin
        assert self.parent.stdout
        print("start", file=self.parent.stdin, flush=True)
        self.pid = int(self.parent.stdout.readline())
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                self.ask("GET", "/sign-in")
            except OSError:
                continue
            else:
                return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        self.kill()
        self.parent.communicate()

    def ask(self, method: str, path: str, typed: dict[str, Any] | None = None, cookie: str = "") -> tuple[int, str, str]:
        """Status, cookie and text of the answer; raises OSError where the server dies meanwhile."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, urlencode(typed or {}), FORM | {"Cookie": cookie})
            answer = connection.getresponse()
            text = answer.read().decode()
        except http.client.HTTPException as error:
            raise OSError("cut off") from error
        finally:
            connection.close()
        return answer.status, (answer.getheader("Set-Cookie") or cookie).partition(";")[0], text


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    a_council(tmp_path / "var").engine.dispose()
    started = Server(tmp_path / "var")
    started.start()
    yield started
    started.stop()


def test_whatever_was_acknowledged_survives_two_hundred_deaths(server: Server, tmp_path: Path) -> None:
    council = open_council(settings(tmp_path / "var"))
    house = a_house(council)
    reference = an_audit(house, at="practitioner_consulted")
    cookie, token = _sign_in(server)
    stored, saves = None, 0
    for death in range(KILLS):
        killer = threading.Timer(random.uniform(0, 0.06), server.kill)
        killer.start()
        acknowledged, unanswered = _write_until_cut_off(server, reference, house, f"Text {death}", cookie, token)
        killer.join()
        stored_before, stored = stored, house.audit(reference).answer("area_1", "evidence")
        assert stored in {acknowledged[-1] if acknowledged else stored_before, unanswered}, "an acknowledged text is missing"
        saves += len(acknowledged)
        server.start()
    print(f"{KILLS} deaths, {saves} acknowledged saves, 0 missing")
    assert saves > KILLS // 2
    assert first_break(council, every_reference(council)) == ""
    council.engine.dispose()


def _write_until_cut_off(server: Server, reference: str, house: House, words: str, cookie: str, token: str) -> tuple[list[str], str]:
    """The texts that were acknowledged, and the one whose answer never came."""
    acknowledged: list[str] = []
    while True:
        text, seen = f"{words}.{len(acknowledged)}.", house.audit(reference).version
        typed = {"csrf_token": token, "seen": seen, "evidence": text}
        try:
            status, _, body = server.ask("POST", f"/audits/{reference}/sections/area_1/autosave", typed, cookie)
        except OSError:
            return acknowledged, text
        assert status == 200, body
        assert json.loads(body)["version"] == seen + 1
        acknowledged.append(text)


def _sign_in(server: Server) -> tuple[str, str]:
    _, cookie, page = server.ask("GET", "/sign-in")
    typed = {"csrf_token": _token(page), "email": "auditor@demo.example", "password": "correct horse"}
    _, cookie, _ = server.ask("POST", "/sign-in", typed, cookie)
    _, _, page = server.ask("GET", "/audits", None, cookie)
    return cookie, _token(page)


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]
