"""One auditor over HTTP, with a connection and a session of their own: opens the pages of their draft, and writes in it."""

import http.client
import json
import random
import re
import time
from http import HTTPStatus
from urllib.parse import urlencode

PASSWORD = "correct horse"
AUTOSAVE = "an autosave"
# By what is done: the end of the address under the draft, and the goal in seconds.
DOINGS = {
    "the audit page": ("", 0.3), "a section page": ("/sections/area_1", 0.3), "the reading view": ("/read", 0.3),
    "the history page": ("/history", 0.3), "the page of a move": ("/moves/share", 0.3), AUTOSAVE: ("/sections/area_1/autosave", 0.1),
}  # fmt: skip
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WORDS = "The file shows what was done and when, and the child’s own words show what came of it. " * 7
# What was done, when it began by the monotonic clock, and how many seconds it took.
Done = tuple[str, float, float]


class Auditor:
    def __init__(self, port: int, email: str, draft: str) -> None:
        """`draft` is its address, like /audits/k7f3-2q9d."""
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.draft, self.cookie = draft, ""
        token = _hidden("csrf_token", self._ask("GET", "/sign-in"))
        self._ask("POST", "/sign-in", {"csrf_token": token, "email": email, "password": PASSWORD}, HTTPStatus.FOUND)
        page = self._ask("GET", f"{draft}/sections/area_1")
        self.token, self.seen = _hidden("csrf_token", page), int(_hidden("seen", page))

    def work(self, pause: float, until: float) -> list[Done]:
        """At random, one thing after another, with pauses of `pause` seconds on average between them."""
        done: list[Done] = []
        while (after := random.expovariate(1 / pause)) + time.monotonic() < until:
            time.sleep(after)
            what, began = random.choice(list(DOINGS)), time.monotonic()
            self.do(what)
            done.append((what, began, time.monotonic() - began))
        self.connection.close()
        return done

    def do(self, what: str) -> None:
        address = self.draft + DOINGS[what][0]
        if what != AUTOSAVE:
            self._ask("GET", address)
            return
        typed = {"csrf_token": self.token, "seen": self.seen, "grade": "good", "evidence": f"{WORDS}{self.seen}", "impact": WORDS}
        self.seen = json.loads(self._ask("POST", address, typed))["version"]

    def _ask(self, method: str, address: str, typed: dict[str, object] | None = None, status: HTTPStatus = HTTPStatus.OK) -> str:
        self.connection.request(method, address, urlencode(typed or {}), FORM | {"Cookie": self.cookie})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        assert answer.status == status, f"{method} {address}: {answer.status}"
        self.cookie = (answer.getheader("Set-Cookie") or self.cookie).partition(";")[0]
        return text


def _hidden(name: str, page: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found, f"no {name}"
    return found[1]
