"""The web server: gunicorn with threads, one process on SQLite and as many as are wanted on PostgreSQL.

On SIGTERM each process answers what it has begun and ends. The first process replaces one that dies; SIGHUP makes it replace them all.
"""

import gc
import logging
import os
import select
import shutil
import socket
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http import errors, wsgi
from gunicorn.workers import gthread

from config.settings import Settings
from web.app import create_app
from web.operations.metrics import SEVERAL_PROCESSES, share_counts_in
from web.request.logging_setup import configure_logging
from web.request.security_headers import security_headers
from workflow.errors import Refusal

LOG = logging.getLogger("practice_audit")
THREADS = 8
POSTGRESQL_PROCESSES = 2
# Supervisors give at least ten seconds. The first process kills what is left a second after the others give up.
GIVE_UP_SECONDS, KILL_SECONDS = 7, 8
# A client that sends nothing for so long in the middle of a request must not hold one of the threads.
SLOW_CLIENT_SECONDS = 20
CLOSING_SECONDS = 1.0
HEARTBEAT_SECONDS = 60
LONGEST_LINE, MOST_HEADERS = 8190, 100
REFUSALS = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG, errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED, errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}  # fmt: skip


class ServiceLogger(Logger):  # type: ignore[misc]
    """Sends what gunicorn logs through the log of the service, which redacts it."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """Refuses requests that never reach the application, such as a malformed header, with the headers of any other answer."""

    headers: Mapping[str, str] = {}

    def init_process(self) -> None:
        # Accepted connections inherit it; gunicorn itself would wait without a limit.
        for listener in self.sockets:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SLOW_CLIENT_SECONDS, 0))
        super().init_process()

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
        keeps_open: object = super().handle(conn)
        if keeps_open is False:
            _wait_for_client_to_close(conn.sock)
        return keeps_open

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        status = next((status for kind, status in REFUSALS.items() if isinstance(exc, kind)), HTTPStatus.BAD_REQUEST)
        if not isinstance(exc, errors.ParseException):
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            LOG.error("a request could not be answered: %s", type(exc).__name__)
        _refuse(client, status, self.headers)


def _wait_for_client_to_close(client: socket.socket) -> None:
    """So that it can read its answer to the end. gunicorn would wait itself, up to two seconds, and do nothing else meanwhile."""
    until = time.monotonic() + CLOSING_SECONDS
    with suppress(OSError):
        client.shutdown(socket.SHUT_WR)
        while (left := until - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(65536):
                break
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


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
        client.sendall(f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n{body}".encode())
    except OSError:
        LOG.info("the client closed the connection before it was answered")


class GunicornServer(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, processes: int, app: Flask) -> None:
        self.settings, self.processes, self.app = settings, processes, app
        # The name and version of the server are of no use to a client.
        wsgi.SERVER = "web"
        # How long a connection without a request stays open when the server stops.
        gthread.STOP_KEEPALIVE_LINGER = CLOSING_SECONDS
        Worker.headers = security_headers(is_https=settings.is_https)
        super().__init__()

    def load_config(self) -> None:
        for name, value in _options(self.settings, self.processes).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self.app


def serve(settings: Settings, processes: int | None = None) -> None:
    """Serve until SIGTERM.

    Raises Refusal for several processes on SQLite or a port that can't be used, ConfigurationError where the database is not prepared.
    """
    configure_logging(is_production=settings.is_production)
    for warning in settings.warnings:
        LOG.warning(warning)
    is_postgresql = settings.database_url.startswith("postgresql")
    if not is_postgresql and (processes or 1) > 1:
        raise Refusal("Several web processes need PostgreSQL: set PRACTICE_AUDIT_DATABASE_URL.")
    _ensure_port_is_free(settings)
    with _metrics_folder():
        app = create_app(settings)
        # Processes can't share a connection: each opens its own.
        app.extensions["council"].engine.dispose()
        # What exists now is for the whole life of the processes: unless the collector touches it, they share its memory.
        gc.freeze()
        GunicornServer(settings, processes or (POSTGRESQL_PROCESSES if is_postgresql else 1), app).run()


def _ensure_port_is_free(settings: Settings) -> None:
    """Raise Refusal at once; gunicorn would try for five seconds."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        raise Refusal(
            f"HOST and PORT: {settings.host}:{settings.port} can’t be used: choose another PORT, or stop the program that uses it."
        ) from error


@contextmanager
def _metrics_folder() -> Iterator[None]:
    """A new folder for what the processes count, including those that died."""
    first, parent = os.getpid(), os.environ.get(SEVERAL_PROCESSES)
    if parent:
        Path(parent).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="practice-audit-counts-", dir=parent))
    try:
        with share_counts_in(folder):
            yield
    finally:
        # Each process that ends passes here, too.
        if os.getpid() == first:
            shutil.rmtree(folder, ignore_errors=True)


def _stop_sooner(worker: Any) -> None:
    """A process gives up before it is killed, so that it can log what was not answered."""
    worker.cfg.set("graceful_timeout", GIVE_UP_SECONDS)


def _options(settings: Settings, processes: int) -> dict[str, Any]:
    """gunicorn believes no header about the client: the application judges what proxies say, by the number of proxies."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}", "workers": processes, "worker_class": Worker, "threads": THREADS, "preload_app": False,
        "timeout": HEARTBEAT_SECONDS, "graceful_timeout": KILL_SECONDS, "post_worker_init": _stop_sooner, "keepalive": 5,
        "logger_class": ServiceLogger, "loglevel": "warning", "control_socket_disable": True,
        "limit_request_line": LONGEST_LINE, "limit_request_fields": MOST_HEADERS, "limit_request_field_size": LONGEST_LINE,
        "forwarded_allow_ips": "", "secure_scheme_headers": {}, "proxy_protocol": "off",
    }  # fmt: skip
