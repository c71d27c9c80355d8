"""Real processes on one PostgreSQL: web servers and workers as they are run, to be killed; and programs that call them over HTTP."""

import http.client
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.factories import settings
from tests.notifications.support.smtp_server import SmtpServer, free_port
from tests.support.untold_tokens import untold_token
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare

PROGRAM = [sys.executable, "-c", "from web.cli.main import main; main()"]
KEY = "k" * 32
METRICS_TOKEN = "t0ken-of-the-scraper-0123"


class Machines:
    """One database, one mail server, and as many processes as are started."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url, self.mail = folder, url, SmtpServer()
        self.mail.start()
        self.settings = {"DATABASE_URL": url, "SECRET_KEY": KEY, "MAIL_URL": self.mail.url, "METRICS_TOKEN": METRICS_TOKEN}
        self.council: Council = open_council(settings(folder, **self.settings))
        prepare(self.council)
        load_people(self.council, "correct horse")
        self.running: list[subprocess.Popen[bytes]] = []
        self.kept: list[Web] = []
        self.tokens: dict[str, str] = {}

    def start(self, *arguments: str, port: int = 8000) -> subprocess.Popen[bytes]:
        process = start_program(self.folder, self.settings, *arguments, port=port)
        self.running.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker")

    def web(self, processes: int) -> "Web":
        port = free_port()
        return Web(self, processes, port)

    def token(self, name: str) -> str:
        if name not in self.tokens:
            person = self.council.store.directory().by_email(f"{name}@demo.example")
            assert person, name
            self.tokens[name] = untold_token(self.council, person)
        return self.tokens[name]

    def rows(self, query: str) -> list[Any]:
        with self.council.engine.connect() as connection:
            return list(connection.exec_driver_sql(query))

    def change(self, statement: str) -> int:
        with self.council.engine.begin() as connection:
            return connection.exec_driver_sql(statement).rowcount

    def said(self) -> str:
        return (self.folder / "log.txt").read_text(encoding="utf-8")

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.mail.stop()
        self.council.engine.dispose()
        assert {process.returncode for process in self.running} <= {0, -signal.SIGKILL}, "one ended by itself"


def start_program(folder: Path, given: Mapping[str, str], *arguments: str, port: int = 8000) -> subprocess.Popen[bytes]:
    """practice-audit, as it is run; what it says is in log.txt."""
    named = {f"PRACTICE_AUDIT_{name}": value for name, value in given.items()}
    environment = {**os.environ, **named, "PRACTICE_AUDIT_DATA": str(folder), "PORT": str(port)}
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen([*PROGRAM, *arguments], env=environment, stderr=log, stdout=log)


class Web:
    """One machine’s web server, of several processes."""

    def __init__(self, machines: Machines, count: int, port: int) -> None:
        self.machines, self.count, self.port = machines, count, port
        self.begin()

    def begin(self) -> None:
        self.process = self.machines.start("serve", "--processes", str(self.count), port=self.port)

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return ask(self.port, "GET", "/api/v1/health")[0] in {200, 503}
        return False

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def kill_one(self) -> int:
        pid = random.choice(self.children())
        os.kill(pid, signal.SIGKILL)
        return pid


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of the answer; raises OSError or HTTPException where the process dies meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        named = {"Content-Type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path, None if body is None else json.dumps(body), named)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


class ApiClient:
    """A program that asks any of the servers, and where one does not answer, another, under the same Idempotency-Key."""

    def __init__(self, machines: Machines, webs: list[Web]) -> None:
        self.machines, self.webs, self.refused, self.cut_off = machines, webs, 0, 0

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        key, until = secrets.token_hex(8), time.monotonic() + 30
        while True:
            web = random.choice(self.webs)
            try:
                status, said = ask(
                    web.port, method, f"/api/v1{path}", body, Authorization=f"Bearer {self.machines.token(who)}", Idempotency_Key=key
                )
            except (OSError, http.client.HTTPException) as error:
                self.refused += isinstance(error, ConnectionRefusedError)
                self.cut_off += not isinstance(error, ConnectionRefusedError)
                assert time.monotonic() < until, "nobody answers"
                time.sleep(0.05)
                continue
            assert status < 300, (path, status, said)
            return said


def wait_until(is_so: Callable[[], object], seconds: float = 30) -> float:
    """How long that took; real processes are waited for, by looking again and again."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < seconds, "waited in vain"
        time.sleep(0.05)
    return time.monotonic() - began


def at_once(work: list[Callable[[], None]]) -> None:
    failed: list[BaseException] = []

    def run(one: Callable[[], None]) -> None:
        try:
            one()
        except BaseException as error:  # noqa: BLE001 (told by the thread that can be heard)
            failed.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
