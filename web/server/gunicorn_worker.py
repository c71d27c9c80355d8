"""A process of the web server. Its first thread reads requests and waits for clients; the others only answer what has come in."""

import logging
import select
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

from gunicorn.http import RequestParser, errors
from gunicorn.workers import gthread

from web.request.limits import MAX_BYTES
from web.server.arrival import Arrival

LOG = logging.getLogger("practice_audit")
# A client that does not read its answer must not hold one of the threads: most answers fit into the first, the rest has the second.
SENT_AHEAD_BYTES, SENDING_SECONDS = 512 * 1024, 20
CLOSING_SECONDS = 1.0
# Where more arrive, the one that has waited the longest is dropped: a request that is really sent takes milliseconds.
MOST_WAITING, MOST_KEPT_OPEN = 300, 200
AT_ONCE = 65_536
REFUSALS = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG, errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED, errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}  # fmt: skip


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """Gives a connection a thread once its request has come in, however slowly, and no longer than until it is answered.

    Refuses requests that never reach the application, such as a malformed header, with the headers of any other answer.
    """

    headers: Mapping[str, str] = {}

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.waiting: dict[Any, float] = {}
        """Connections that a request is arriving on, or that are being closed, with the time by which they are cut off."""
        self.looks_at = 0.0
        self.max_keepalived = MOST_KEPT_OPEN

    def accept(self, listener: socket.socket) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        # Disables the system’s own choice, which begins with less than a page.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD_BYTES)
        self._await_request(gthread.TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Any, client: socket.socket) -> None:
        """The next request on a connection that stayed open."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def _await_request(self, conn: Any, begun: bytes = b"") -> None:
        conn.arrival = Arrival(MAX_BYTES)
        conn.arrival.receive(begun)
        conn.sock.settimeout(0)
        self._wait_for(conn, conn.arrival.deadline, self._receive)
        self._receive(conn, conn.sock)

    def _receive(self, conn: Any, _: socket.socket) -> None:
        arrival = conn.arrival
        with self._dropping(conn):
            if not arrival.is_over:
                data = conn.sock.recv(AT_ONCE)
                arrival.receive(data) if data else arrival.end()
            if arrival.waits_to_go_on:
                arrival.waits_to_go_on = False
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting[conn] = arrival.deadline
            if not arrival.is_over:
                return
            self._stop_waiting_for(conn)
            if arrival.is_whole or arrival.head:
                self.enqueue_req(conn)
            else:
                self._drop(conn)

    def _linger(self, conn: Any) -> None:
        """Until the client has read its answer to the end. gunicorn would do nothing else meanwhile."""
        with self._dropping(conn):
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
            self._wait_for(conn, time.monotonic() + CLOSING_SECONDS, self._discard)

    def _discard(self, conn: Any, _: socket.socket) -> None:
        with self._dropping(conn):
            if not conn.sock.recv(AT_ONCE):
                self._stop_waiting_for(conn)
                self._drop(conn)

    @contextmanager
    def _dropping(self, conn: Any) -> Iterator[None]:
        """Drop the connection where the client, or the disk, fails."""
        try:
            yield
        except BlockingIOError:
            return
        except OSError:
            self._stop_waiting_for(conn)
            self._drop(conn)

    def _wait_for(self, conn: Any, until: float, then: Any) -> None:
        if len(self.waiting) >= MOST_WAITING:
            longest = next(iter(self.waiting))
            self._stop_waiting_for(longest)
            self._drop(longest)
        self.waiting[conn] = until
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def _stop_waiting_for(self, conn: Any) -> None:
        if self.waiting.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.arrival.body.close()
        conn.close()

    def murder_pending(self) -> None:
        """Cut off who is too slow."""
        now = time.monotonic()
        if now < self.looks_at:
            return
        self.looks_at = now + CLOSING_SECONDS
        for conn in [conn for conn, until in self.waiting.items() if until <= now]:
            self._stop_waiting_for(conn)
            self._drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """When it stops: nobody waits for a connection without a request."""
        super()._cap_keepalive(deadline)
        self.looks_at = 0.0
        for conn, until in self.waiting.items():
            if not conn.arrival.head:
                self.waiting[conn] = min(until, deadline)

    def set_accept_enabled(self, enabled: bool) -> None:
        """When it stops, accept the connections already made and close the port: gunicorn would leave new clients hanging, then cut them off."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:
                    self.accept(listener)
                listener.close()

    def run(self) -> None:
        super().run()
        if self.nr_conns:
            LOG.warning("%s requests were not answered when the service stopped", self.nr_conns)

    def handle(self, conn: Any) -> object:
        """In a thread, which reads nothing from the client."""
        if conn.arrival.is_head_too_large:
            _refuse(conn.sock, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, self.headers)
            return False
        conn.parser, conn.initialized = RequestParser(self.cfg, conn.arrival, conn.client), True
        return super().handle(conn) and conn.arrival.may_go_on

    def handle_request(self, req: Any, conn: Any) -> object:
        req._expected_100_continue = False  # noqa: SLF001 (it would be told twice)
        if not conn.arrival.may_go_on:
            req.force_close()
        conn.sock.settimeout(SENDING_SECONDS)
        return super().handle_request(req, conn)

    def finish_request(self, conn: Any, answered: Any) -> None:
        keeps_open = not answered.cancelled() and answered.exception() is None and answered.result()
        conn.arrival.body.close()
        if not keeps_open:
            self._linger(conn)
        elif conn.arrival.rest:
            self._await_request(conn, conn.arrival.rest)
        else:
            super().finish_request(conn, answered)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        status = next((status for kind, status in REFUSALS.items() if isinstance(exc, kind)), HTTPStatus.BAD_REQUEST)
        if not isinstance(exc, errors.ParseException):
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            LOG.error("a request could not be answered: %s", type(exc).__name__)
        _refuse(client, status, self.headers)


def _refuse(client: socket.socket, status: HTTPStatus, more: Mapping[str, str]) -> None:
    body = f"{status.phrase}.\n"
    headers = {
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **more}.items())
    try:
        client.settimeout(SENDING_SECONDS)
        client.sendall(f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n{body}".encode())
    except OSError:
        LOG.info("the client closed the connection before it was answered")
