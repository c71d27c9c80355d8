"""The real commands, each in a process of its own, and a program that calls the JSON interface of one over HTTP until it is answered."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("practice-audit")
LONGEST_START, BETWEEN_TRIES = 60.0, 0.05


@contextmanager
def run_program(command: str, environment: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Until the block ends; then it is told to stop, and does."""
    with log.open("ab") as said:
        process = subprocess.Popen([PROGRAM, command], env={**os.environ, **environment}, stdout=said, stderr=said)
        try:
            yield process
            assert process.poll() is None, log.read_text(encoding="utf-8")
        finally:
            process.terminate()
            process.wait(60)


def wait_until_listening(port: int) -> None:
    """Once the server listens."""
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/sign-in")
            connection.getresponse().read()
            return
        time.sleep(BETWEEN_TRIES)
    raise AssertionError("the server did not start")


class RetryingClient:
    """Sends a move under one key again and again until it is told that it is made. `unanswered` counts what was not."""

    def __init__(self, port: int, tokens: Mapping[str, str]) -> None:
        self.port, self.tokens, self.unanswered = port, tokens, 0
        self._connection = self._opened()

    def move(self, who: str, reference: str, key: str, move: str) -> None:
        body = json.dumps({"move": move, "reason": "Again."})
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json", "Idempotency-Key": key}
        while (status := self._asked(f"/api/v1/audits/{reference}/moves", body, headers)) != 200:
            assert status >= 500, (status, who, move)
            self.unanswered += 1
            time.sleep(BETWEEN_TRIES)

    def _asked(self, path: str, body: str, headers: dict[str, str]) -> int:
        try:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = self._opened()
            return 599
        return answer.status

    def close(self) -> None:
        self._connection.close()

    def _opened(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
