"""Clients that are slow hold no thread: two hundred of each kind, and another client gets its pages."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask

from tests.web.support.server_thread import ServerThread
from web.server import arrival, gunicorn_worker

MANY = 200
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW = {
    "nothing sent": b"", "half a head": LIVE[:20], "a head without its end": LIVE, "no body yet": POST + b"Content-Length: 1000\r\n\r\n",
    "half a body": POST + b"Content-Length: 1000\r\n\r\nemail=", "half a large body": POST + b"Content-Length: 9000000\r\n\r\n" + b"x" * 100_000,
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\nemail=", "a chunk’s size": POST + b"Transfer-Encoding: chunked\r\n\r\n1",
    "waits to go on": POST + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n", "kept open": LIVE + b"\r\n",
    "never closed": LIVE + b"Connection: close\r\n\r\n", "too much announced": POST + b"Content-Length: 99000000\r\n\r\n",
    "answer not read": b"GET /static/practice-audit.css HTTP/1.1\r\nHost: localhost\r\n\r\n",
}  # fmt: skip


@pytest.fixture
def server(app: Flask) -> Iterator[ServerThread]:
    with ServerThread(app) as made:
        yield made


def connected(server: ServerThread, *, reads: bool = True) -> socket.socket:
    made = socket.socket()
    if not reads:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    made.settimeout(30)
    made.connect(("127.0.0.1", server.port))
    return made


def status_of_a_page(server: ServerThread) -> int:
    """As another client; it waits ten seconds at most."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/sign-in")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("kind", SLOW)
def test_two_hundred_slow_clients_stop_nobody(server: ServerThread, kind: str) -> None:
    with ExitStack() as closes:
        for _ in range(MANY):
            closes.enter_context(connected(server, reads=kind != "answer not read")).sendall(SLOW[kind])
        assert [status_of_a_page(server) for _ in range(3)] == [200] * 3


def test_more_slow_clients_than_any_wait_stop_nobody(server: ServerThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn_worker, "MOST_WAITING", 20)
    with ExitStack() as closes:
        first, *_ = [closes.enter_context(connected(server)) for _ in range(50)]
        assert status_of_a_page(server) == 200
        assert first.recv(1) == b""


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nX: ", POST + b"Content-Length: 1000000\r\n\r\n"])
def test_one_byte_after_another_is_not_enough(server: ServerThread, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(arrival, "HEAD_SECONDS", 0.5)
    is_cut_off = threading.Event()
    with connected(server) as slow:
        slow.sendall(begun)

        def drip() -> None:
            while not is_cut_off.wait(0.05):
                try:
                    slow.sendall(b"x")
                except OSError:
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert slow.recv(100) == b""
        except ConnectionResetError:
            pass
        finally:
            is_cut_off.set()
            dripping.join()


def test_requests_sent_in_one_go_are_answered_one_after_another(server: ServerThread) -> None:
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n"
    with connected(server) as one:
        one.sendall(LIVE + b"\r\n" + chunked + LIVE + b"Connection: close\r\n\r\n")
        answered = b"".join(iter(lambda: one.recv(65_536), b""))
    assert [answered.count(line) for line in (b"HTTP/1.1 200 ", b"HTTP/1.1 400 ")] == [2, 1]


def test_a_client_that_waits_to_go_on_is_told_to_once(server: ServerThread) -> None:
    with connected(server) as one:
        one.sendall(POST + b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: 3\r\n\r\n")
        assert one.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(b"a=1")
        assert b"".join(iter(lambda: one.recv(65_536), b"")).startswith(b"HTTP/1.1 400 ")


def test_a_request_that_is_not_plain_is_the_last_of_its_connection(server: ServerThread) -> None:
    with connected(server) as one:
        one.sendall(LIVE + b"X-Content-Length: 60\r\n\r\n" + LIVE + b"\r\n")
        assert b"".join(iter(lambda: one.recv(65_536), b"")).count(b"HTTP/1.1 ") == 1
