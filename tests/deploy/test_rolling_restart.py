"""Two web servers behind nginx are restarted one by one, as docs/operating.md says, while people read and write: no request is lost."""

import http.client
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.deploy.proxy import HOST, NEEDS_NGINX, proxy_before
from tests.factories import a_council
from tests.multi_process.processes import start_program, wait_until
from tests.notifications.support.smtp_server import free_port

pytestmark = NEEDS_NGINX
SENDERS, AT_LEAST, PAUSE = 2, 50, 0.02


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return start_program(self.folder, {"PROXIES": "1", "BASE_URL": f"http://{HOST}", "HOST": "127.0.0.1"}, "serve", port=self.port)

    def restart(self) -> None:
        self.stop()
        self.process = self._start()
        wait_until(self.is_ready)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)

    def is_ready(self) -> bool:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/health/ready")
                return connection.getresponse().status == 200
            except OSError:
                return False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[Server]]:
    a_council(tmp_path / "var").engine.dispose()
    started = [Server(tmp_path / "var") for _ in range(2)]
    yield started
    for server in started:
        server.stop()


class Senders:
    """Each on a connection of its own, until told to stop."""

    def __init__(self, port: int) -> None:
        self.port, self.statuses, self.is_over = port, Counter[tuple[str, int]](), threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(method,)) for method in ("GET", "POST") for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _send(self, method: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.is_over.wait(PAUSE):
            connection.request(method, "/sign-in" if method == "GET" else "/api/v1/audits", headers={"Host": HOST})
            answer = connection.getresponse()
            answer.read()
            self.statuses[method, answer.status] += 1
        connection.close()

    def stop(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()


def test_a_rolling_restart_behind_nginx_loses_no_request(tmp_path: Path, servers: list[Server]) -> None:
    for server in servers:
        wait_until(server.is_ready)
    with proxy_before(tmp_path, *(server.port for server in servers), rate="100000r/s") as port:
        senders = Senders(port)
        try:
            for server in servers:
                server.restart()
        finally:
            senders.stop()
    print(f"answered while both were restarted: {dict(senders.statuses)}")
    assert senders.statuses.keys() == {("GET", 200), ("POST", 401)}
    assert min(senders.statuses.values()) > AT_LEAST
