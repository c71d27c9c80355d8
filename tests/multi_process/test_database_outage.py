"""PostgreSQL is unavailable while web processes and a worker run: nothing is accepted, everybody is shown that, and all recovers automatically."""

import html
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from tests.factories import World, a_world, an_audit
from tests.multi_process.processes import Machines, Web, ask, wait_until
from tests.support.postgres import OwnServer
from tests.web.support.browser import PASSWORD, token_in
from web.cli.verify_history import find_first_break, list_references
from workflow.errors import DatabaseUnavailable
from workflow.events import Notice
from workflow.storage import audit_writer

SHORT, LONG, RECOVERED_WITHIN, EMAILS = 3, 60, 10, 3
SAYS, SAVED, WORDS = DatabaseUnavailable().sentence, 303, "Seen with her brother, calm and well."
pytestmark = pytest.mark.postgres


@dataclass
class Mover:
    """A program that shares an audit and has it returned, each under one key until it is told that it is done."""

    machines: Machines
    web: Web
    reference: str
    made: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    ends: threading.Event = field(default_factory=threading.Event)

    def moves(self) -> None:
        while not self.ends.is_set():
            who, move = ("hos.ppqa", "return_for_correction") if self.made % 2 else ("auditor", "share")
            headers = {"Authorization": f"Bearer {self.machines.token(who)}", "Idempotency_Key": f"{self.reference}/{self.made}"}
            try:
                status, _ = ask(
                    self.web.port, "POST", f"/api/v1/audits/{self.reference}/moves", {"move": move, "reason": "Again."}, **headers
                )
            except (OSError, http.client.HTTPException):
                # Of the process that was killed.
                status = 0
            self.answers[status] += 1
            self.made += status == 200
            time.sleep(0.02)


class Person(requests.Session):
    """In a browser without scripts, signed in."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__()
        self.at = f"http://127.0.0.1:{port}"
        # A connection left open would end with the process that is killed.
        self.headers["Connection"] = "close"
        form = {"csrf_token": token_in(self.get(f"{self.at}/sign-in").text), "email": f"{name}@demo.example", "password": PASSWORD}
        assert self.post(f"{self.at}/sign-in", form, allow_redirects=False).status_code == 302
        self.token = token_in(self.get(f"{self.at}/audits").text)

    def save(self, path: str, version: int) -> requests.Response:
        typed = {"csrf_token": self.token, "seen": str(version), "evidence": WORDS}
        return self.post(f"{self.at}{path}", typed, allow_redirects=False, timeout=20)


@pytest.fixture
def server(tmp_path: Path) -> OwnServer:
    return OwnServer(tmp_path / "pg")


@pytest.fixture
def alone(server: OwnServer, tmp_path: Path) -> Iterator[Machines]:
    (tmp_path / "var").mkdir()
    made = Machines(tmp_path / "var", server.url)
    yield made
    made.stop()


def test_the_database_is_unavailable_for_a_moment(server: OwnServer, alone: Machines) -> None:
    _is_away(server, alone, SHORT)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_database_is_unavailable_for_a_minute(server: OwnServer, alone: Machines) -> None:
    _is_away(server, alone, LONG)


def _is_away(server: OwnServer, machines: Machines, seconds: float) -> None:
    web, worker, world = machines.web(2), machines.worker(), a_world(machines.council)
    world.now = datetime.now(UTC)
    mover, draft = Mover(machines, web, an_audit(world, at="graded")), an_audit(world, at="practitioner_consulted")
    for who in ("auditor", "hos.ppqa"):
        machines.token(who)
    wait_until(web.answers)
    wait_until(lambda: machines.rows("SELECT id FROM procrastinate_workers"))
    person, path, version = Person(web.port, "auditor"), f"/audits/{draft}/sections/area_1", world.audit(draft).version
    moving = threading.Thread(target=mover.moves, daemon=True)
    moving.start()
    wait_until(lambda: mover.made > 2)
    _falls_due_meanwhile(machines, world)
    server.stop()
    went, asked, first = time.monotonic(), 0, mover.made
    web.kill_one()
    while time.monotonic() - went < seconds:
        asked += _everybody_is_told(person, path, version)
    assert mover.made <= first + 1, "acknowledged without a database"
    server.start()
    took = _all_is_as_before(machines, mover, lambda: person.save(path, version).status_code == SAVED)
    mover.ends.set()
    moving.join()
    worker.terminate()
    assert worker.wait(10) == 0
    _nothing_is_missing(machines, world, mover, draft)
    print(f"away for {seconds:g} s: {asked} answers of 503 and one sentence, the mover’s {dict(mover.answers)}; ", end="")
    print("after it was back: " + ", ".join(f"{what} by {seconds:.1f} s" for what, seconds in took.items()))


def _all_is_as_before(machines: Machines, mover: Mover, is_saved: Callable[[], bool]) -> dict[str, float]:
    """After how many seconds what was."""
    back, first = time.monotonic(), mover.made
    waited_for = {
        "a save": is_saved,
        "moves": lambda: mover.made > first + 2,
        "ready": lambda: ask(mover.web.port, "GET", "/health/ready")[0] == 200,
        "the emails": lambda: _came(machines) == EMAILS,
    }
    took = {what: wait_until(is_so, 20) and time.monotonic() - back for what, is_so in waited_for.items()}
    assert max(took.values()) < RECOVERED_WITHIN, took
    return took


def _falls_due_meanwhile(machines: Machines, world: World) -> None:
    reference = an_audit(world, at="draft")
    notices = [Notice(f"away/{n}", "audit_shared", world.person("auditor").id, reference) for n in range(EMAILS)]
    with machines.council.engine.begin() as connection:
        audit_writer.enqueue_notices(connection, notices, datetime.now(UTC))
        connection.exec_driver_sql("UPDATE outbox SET next_attempt_at = now() + interval '2 seconds' WHERE key LIKE 'away/%%'")


def _came(machines: Machines) -> int:
    return machines.rows("SELECT count(*) AS n FROM outbox WHERE key LIKE 'away/%%' AND state = 'sent'")[0].n  # type: ignore[no-any-return]


def _everybody_is_told(person: Person, path: str, version: int) -> int:
    """Pages, forms, the pages’ own saving, and programs; what was typed is on the page."""
    page, saved, by_itself = person.get(person.at), person.save(path, version), person.save(f"{path}/autosave", version)
    program = person.get(f"{person.at}/api/v1/audits", headers={"Authorization": "Bearer x"})
    answers = (page, saved, by_itself, program)
    assert {one.status_code for one in answers} == {503}, [(one.url, one.status_code) for one in answers]
    assert {one.headers["Retry-After"] for one in answers} == {"10"}
    assert (by_itself.json()["detail"], program.json()["detail"]) == (SAYS, SAYS)
    assert all(SAYS in html.unescape(one.text) for one in (page, saved))
    assert WORDS in html.unescape(saved.text)
    assert not any("Set-Cookie" in one.headers for one in answers)
    live, ready = (person.get(f"{person.at}/health/{which}") for which in ("live", "ready"))
    assert (live.status_code, ready.status_code) == (200, 503)
    return len(answers)


def _nothing_is_missing(machines: Machines, world: World, mover: Mover, draft: str) -> None:
    assert set(mover.answers) <= {0, 200, 503}
    audit = world.audit(mover.reference)
    made = [row.entry.move for row in machines.council.store.history(audit)]
    assert sum(move in {"share", "return_for_correction"} for move in made) == mover.made
    assert find_first_break(machines.council, list_references(machines.council)) == ""
    sections = machines.council.store.audit(draft)
    assert sections
    assert WORDS in str(sections)
    came = Counter(email["Message-ID"] for email in machines.mail.emails() if email["To"] == "auditor@demo.example")
    assert len(came) >= 1
    assert max(came.values()) == 1
