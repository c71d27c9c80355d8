"""Programs that answer POSTs of moves: the service, as it is run; its limit, which says to its database what it said; a peer.

A peer is started with `python -m bench.peers.<name> URL AUDITS`, fills the empty database at URL with AUDITS graded audits, and serves them on
PORT: `/sign-in` signs its visitor in as the auditor, `/` is a page with a form’s token, a POST to `/audits/<number>/share` the move.
"""

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from bench.auditor_session import PASSWORD
from bench.databases import Home, checkpoint
from bench.http_client import HIDDEN, Browser
from bench.move_programs import AUDITOR, COMMIT, LIMIT, OURS, Move
from bench.peers import python_of
from bench.processes import PROGRAM, free_port, wait_until
from bench.result import Took
from config.settings import read_settings
from web.app import create_app
from web.cli.demo_audits import DOMAIN
from web.cli.queries import set_passwords


@dataclass
class Poster:
    """Who is signed in by `cookie`, or else by the page at /sign-in, makes the moves at `paths`, a block after the other."""

    command: Sequence[str]
    paths: Sequence[str]
    block: int
    environment: Mapping[str, str]
    cookie: str = ""

    @contextmanager
    def serving(self, log: Path) -> Iterator[None]:
        self.port, self.left = free_port(), iter(self.paths)
        with log.open("wb") as said:
            process = subprocess.Popen(self.command, env={**os.environ, **self.environment, "PORT": str(self.port)}, stderr=said)
        self.pid = process.pid
        try:
            wait_until(self._answers, 60)
            yield
        finally:
            process.terminate()
            process.wait()

    def _answers(self) -> bool:
        try:
            browser = Browser(self.port, self.cookie)
        except ConnectionError:
            return False
        if not self.cookie:
            browser.opened("/sign-in")
            self.cookie = browser.cookie
        browser.close()
        return True

    def post(self) -> Took:
        """A block. The page before it takes away what the moves of the last one had to say."""
        browser = Browser(self.port, self.cookie)
        browser.opened("/")
        requests = [browser.written("POST", path) for path in islice(self.left, self.block)]
        began, before = time.perf_counter(), processor_seconds(self.pid)
        answers = [browser.answered(request)[0] for request in requests]
        took = Took(time.perf_counter() - began, processor_seconds(self.pid) - before)
        browser.close()
        assert answers == [303] * self.block, answers
        return took


def processor_seconds(pid: int) -> float:
    """Seconds of the processor that a server has had, with the process that it has begun, if any."""
    threads = [thread for process in (pid, *children_of(pid)) for thread in Path(f"/proc/{process}/task").iterdir()]
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def peer(name: str, environment: str, url: str, moves: int, block: int) -> Poster:
    command = [str(python_of(environment)), "-m", f"bench.peers.{name}", url, str(moves)]
    return Poster(command, [f"/audits/{number}/share" for number in range(1, moves + 1)], block, {})


def ours_and_the_limit(home: Home, references: Sequence[str], block: int, serve: Sequence[str]) -> dict[str, Poster]:
    """Three copies of one council, to which somebody is signed in: one is written down, one repeats that, one is the service."""
    paths = [f"/audits/{reference}/moves/share" for reference in references]
    client, cookie = sign_in(home)
    council = client.application.extensions["council"]
    checkpoint(council)
    repeats, serves = home.copy("repeats"), home.copy("serves")
    file = home.folder / "said.pickle"
    file.write_bytes(pickle.dumps(_record_statements(client, council.engine, paths, block)))
    checkpoint(council)
    return {
        OURS: Poster([*PROGRAM, *serve], paths, block, serves.settings, cookie),
        LIMIT: Poster([sys.executable, "-m", "bench.bare_wsgi", str(file)], paths, block, repeats.settings, cookie),
    }


def sign_in(home: Home) -> tuple[FlaskClient, str]:
    """A client of the service, within this process, and its cookie."""
    app = create_app(read_settings(home.settings))
    set_passwords(app.extensions["council"].engine, DOMAIN, PasswordHasher().hash(PASSWORD))
    client = app.test_client()
    client.post("/sign-in", data=read_form(client, "/sign-in") | {"email": AUDITOR, "password": PASSWORD})
    # Its token is stored in the session.
    read_form(client)
    cookie = client.get_cookie("session")
    assert cookie
    return client, f"session={cookie.value}"


def read_form(client: FlaskClient, path: str = "/") -> dict[str, str]:
    """The token that its forms carry. Any page shows and removes the flash messages of the last moves."""
    return dict(HIDDEN.findall(client.get(path).text))


def _record_statements(client: FlaskClient, engine: Engine, paths: Sequence[str], block: int) -> dict[str, Move]:
    """The statements sent to the driver while each of these is answered."""
    said: Move = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        said.append((statement, parameters, many))

    event.listen(engine, "before_cursor_execute", note)
    event.listen(engine, "commit", lambda _connection: said.append((COMMIT, (), False)))
    found, form = {}, dict[str, str]()
    for number, path in enumerate(paths):
        if number % block == 0:
            form = read_form(client)
        said.clear()
        assert client.post(path, data=form).status_code == 303
        found[path] = said.copy()
    return found
