"""What the web server does for clients that are slow, and when it can't begin."""

import socket
import time

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.web.support.server_thread import ServerThread
from web.cli.main import main
from web.council import Council
from web.server import gunicorn_server


def test_a_client_that_stops_in_the_middle_of_a_request_holds_no_thread(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunicorn_server, "SLOW_CLIENT_SECONDS", 1)
    with ServerThread(app) as server:
        slow = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(gunicorn_server.THREADS)]
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: local")
        # Until each has a thread.
        time.sleep(0.3)
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as quick:
            quick.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert b" 200 " in quick.recv(100)
        for connection in slow:
            assert connection.recv(100) == b""
            connection.close()


def test_clients_that_never_close_their_connection_delay_nobody(app: Flask) -> None:
    asked = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with ServerThread(app) as server:
        answered = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(gunicorn_server.THREADS - 2)]
        for connection in answered:
            connection.sendall(asked)
            assert b" 200 " in connection.recv(100)
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as quick:
            quick.sendall(asked)
            assert b" 200 " in quick.recv(100)
        assert time.monotonic() - began < 2
        for connection in answered:
            connection.close()


def test_a_port_that_is_in_use_is_refused_with_a_sentence(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        monkeypatch.setenv("PRACTICE_AUDIT_DATA", str(council.settings.data))
        monkeypatch.setattr(gunicorn_server, "configure_logging", lambda **_: None)
        refused = CliRunner().invoke(main, ["serve"])
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"HOST and PORT: 127.0.0.1:{port} can’t be used: choose another PORT, or stop the program that uses it.\n",
    )
