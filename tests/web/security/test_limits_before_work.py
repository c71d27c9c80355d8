"""Whatever one person sends, however large, deep or full of marks, nobody else waits for it."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

from tests.factories import World, an_audit
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance, cover
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.server_thread import ServerThread
from tests.web.support.worst_inputs import BODIES, LINE, TEXTS, Input, every_input, quoted, short

LONGEST_WAIT = 1.0
# The machine may be busy with something else: only what is slow each time is slow.
TRIES = 3
PEOPLE = {"team_manager": "team.manager", "hos_ppqa": "hos.ppqa", "head_of_service": "head.of.service", "director": "director.safeguarding"}


class Onlooker(threading.Thread):
    """Another visitor, who asks for a page again and again."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.longest, self.answers, self.ends, self.answered = 0.0, 0, threading.Event(), threading.Condition()
        self.start()

    def run(self) -> None:
        while not self.ends.wait(0.01):
            began = time.monotonic()
            self.connection.request("GET", "/sign-in")
            answer = self.connection.getresponse()
            assert answer.status == 200
            assert answer.read()
            with self.answered:
                self.longest, self.answers = max(self.longest, time.monotonic() - began), self.answers + 1
                self.answered.notify()

    def take_longest(self) -> float:
        """Since it was last asked, in seconds."""
        with self.answered:
            seen = self.answers
            self.answered.wait_for(lambda: self.answers > seen, timeout=120)
            longest, self.longest = self.longest, 0.0
            return longest


class Attacker:
    def __init__(self, app: Flask, port: int, reference: str) -> None:
        self.app, self.port, self.reference = app, port, reference
        self.caller = ApiClient(app.extensions["council"], app.test_client())
        self.browsers: dict[str, Browser] = {}

    def send(self, given: Input) -> int:
        who = _who(given)
        path, headers, body = self._path(given), self._headers(given, who), None
        if given.part == "form":
            typed = {"csrf_token": self._browser(who).token, "seen": "1", **given.route.sent(_first(given))}
            pairs = [f"{name}={quote(str(value))}" for name, value in typed.items() if name != given.name]
            body = "&".join([*pairs, f"{given.name}={quoted(given.kind)}"]).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif given.part in {"json", "body"}:
            text = json.dumps({**given.route.sent(_first(given)), given.name: TEXTS.get(given.kind)}, ensure_ascii=False).encode()
            headers["Content-Type"], body = "application/json", BODIES[given.kind] if given.part == "body" else text
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(given.route.method, path, body, headers)
            return connection.getresponse().status
        except (BrokenPipeError, ConnectionResetError):
            # It answered, and closed the connection, before everything was sent.
            return 413
        finally:
            connection.close()

    def _path(self, given: Input) -> str:
        args = {"number": "1", **dict.fromkeys(_numbers(given), "1"), **_first(given)}
        path = given.route.path(args, self.reference)
        if given.part == "path":
            is_fixed = given.name in {"reference", "action_id"}
            at = path.replace(self.reference, "{worst}") if is_fixed else given.route.path({**args, given.name: "{worst}"}, self.reference)
            return at.replace("{worst}", short(given.kind))
        return f"{path}?{given.name}={short(given.kind)}" if given.part == "query" else path

    def _headers(self, given: Input, who: str) -> dict[str, str]:
        cookie = self._browser(who).client.get_cookie(self.app.config["SESSION_COOKIE_NAME"])
        headers = {"If-Match": '"1"'}
        if given.route.is_json:
            headers["Authorization"] = f"Bearer {self.caller.token(f'{who}@demo.example')}"
        else:
            headers["Cookie"] = f"{cookie.key}={cookie.value}" if cookie else ""
        worst = TEXTS[given.kind][: LINE // 2].encode().decode("latin-1").replace("\n", " ")[:LINE] if given.part == "header" else ""
        if given.part == "header" and not given.name:
            return headers | {f"X-{n}": worst for n in range(90)}
        prefix = {"Authorization": "Bearer ", "Cookie": "session=in.", "Range": "bytes=", "Content-Type": "multipart/form-data; boundary="}
        return headers | ({given.name: prefix.get(given.name, "") + worst} if given.part == "header" else {})

    def _browser(self, who: str) -> Browser:
        if who not in self.browsers:
            self.browsers[who] = Browser(self.app, who)
        return self.browsers[who]


def _who(given: Input) -> str:
    roles = given.route.row.get("roles", ["auditor"])
    role = "admin" if "admin" in roles else str(roles[0]).partition(":")[0]
    return PEOPLE.get(role, role)


def _first(given: Input) -> dict[str, str]:
    return next(given.route.variants())


def _numbers(given: Input) -> Iterator[str]:
    return (part.strip("<>").partition(":")[2] for part in given.route.rule.split("/") if part.startswith("<int:"))


def _is_too_slow(attacker: Attacker, onlooker: Onlooker, given: Input) -> bool:
    waits = (_wait_for(attacker, onlooker, given) for _ in range(TRIES))
    return all(seconds > LONGEST_WAIT for seconds in waits)


def _wait_for(attacker: Attacker, onlooker: Onlooker, given: Input) -> float:
    onlooker.take_longest()
    assert attacker.send(given) < 500, given
    seconds = onlooker.take_longest()
    if seconds > LONGEST_WAIT / 2:
        print(f"{seconds:.1f} s: {given}")
    return seconds


def try_inputs(app: Flask, inputs: list[Input], bar: Bar) -> None:
    app.testing = False
    reference = an_audit(World(app.extensions["council"].store), "draft")
    with ServerThread(app) as server:
        onlooker, attacker = Onlooker(server.port), Attacker(app, server.port, reference)
        slow = [given for given in inputs if _is_too_slow(attacker, onlooker, given)]
        onlooker.ends.set()
        onlooker.join()
        onlooker.connection.close()
    bar("F11", wanted=len(inputs), seen=len(inputs) - len(slow))
    assert slow == []


def test_nobody_waits_for_what_somebody_sends(app: Flask, bar: Bar) -> None:
    axes: list[Any] = [lambda one: (one.part, one.kind), lambda one: (one.part, one.name)]
    try_inputs(app, cover(every_input(app), axes, chance("limits before work")), bar)


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_nobody_waits_for_any_input(app: Flask, bar: Bar) -> None:
    try_inputs(app, list(every_input(app)), bar)
