"""nginx runs with the example, before a real server: what one address may send, and what clients that send half a request hold up."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from tests.deploy.proxy import HOST, NEEDS_NGINX, proxy_before
from tests.factories import a_council, settings
from tests.web.support.server_thread import ServerThread
from web.app import create_app

MANY = 200
HALF = {
    "half a head": f"GET /sign-in HTTP/1.1\r\nHost: {HOST}\r\nX: ", "a body that is missing": f"POST /audits/new HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 9\r\n\r\n",
    "half a body": f"POST /audits/new HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 900000\r\n\r\nx=1",
}  # fmt: skip
pytestmark = NEEDS_NGINX


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    a_council(tmp_path / "var").engine.dispose()
    made = create_app(settings(tmp_path / "var", PROXIES="1", BASE_URL=f"http://{HOST}"))
    yield made
    made.extensions["council"].engine.dispose()


@pytest.fixture
def port(app: Flask, tmp_path: Path) -> Iterator[int]:
    """nginx’s, before the application."""
    with ServerThread(app) as server, proxy_before(tmp_path, server.port) as port:
        yield port


@pytest.fixture
def port_before_nothing(tmp_path: Path) -> Iterator[int]:
    """What nginx lets through is answered at once with 502."""
    with proxy_before(tmp_path, 1) as port:
        yield port


def ask(port: int, method: str, path: str, number: int) -> list[int]:
    """The statuses of so many requests of one address, one after another."""
    connection, statuses = http.client.HTTPConnection("127.0.0.1", port, timeout=20), []
    for _ in range(number):
        connection.request(method, path, headers={"Host": HOST})
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


@pytest.mark.parametrize("kind", HALF)
def test_half_sent_requests_stop_nobody_behind_the_proxy(port: int, kind: str) -> None:
    with ExitStack() as closes:
        for _ in range(MANY):
            closes.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20)).sendall(HALF[kind].encode())
        assert ask(port, "GET", "/sign-in", 3) == [200] * 3


def test_a_council_behind_one_address_is_not_locked_out(port_before_nothing: int) -> None:
    """Three hundred look at a page in the same second, and a hundred sign in."""
    assert set(ask(port_before_nothing, "GET", "/audits", 300)) == {502}
    assert set(ask(port_before_nothing, "POST", "/sign-in", 100)) == {502}


@pytest.mark.parametrize(("path", "most"), [("/sign-in", 100), ("/forgotten-password", 20), ("/acknowledge", 30)])
def test_one_address_can_send_only_so_much(port_before_nothing: int, path: str, most: int) -> None:
    statuses = ask(port_before_nothing, "POST", path, most + 150)
    assert statuses[:most] == [502] * most
    assert 429 in statuses
    assert ask(port_before_nothing, "GET", path, 1) == [502]
