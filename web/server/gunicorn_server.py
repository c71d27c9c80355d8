"""The web server of several processes: gunicorn, threads in each. None remembers anything between two requests that another would miss.

A process that is told to stop answers what it has begun; one that dies is replaced. SIGHUP to the first replaces them all, one by one.
"""

import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http import errors, wsgi
from gunicorn.workers.gthread import ThreadWorker

from config.settings import Settings
from web.app import create_app
from web.council import ensure_prepared, open_council
from web.operations.metrics import SEVERAL_PROCESSES, count_in
from web.request.logging_setup import RedactExceptions
from web.request.security_headers import security_headers
from workflow.storage.database_errors import refusal_of
from workflow.storage.engine import DatabaseError

LOG = logging.getLogger("practice_audit")
THREADS = 8
AGAIN_AFTER = 0.5
DRAINED_WITHIN = 8
LONGEST_LINE, MOST_HEADERS = 8190, 100
SILENT_FOR = 60
"""Seconds after which a process that does not even say that it lives is replaced."""
REFUSALS = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG, errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED, errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}  # fmt: skip


class Threads(ThreadWorker):  # type: ignore[misc]
    """What the server itself refuses, a broken header or too long a line, says as little and as much as any answer."""

    said: Mapping[str, str] = {}

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        is_theirs = isinstance(exc, errors.ParseException)
        status = next((said for kind, said in REFUSALS.items() if isinstance(exc, kind)), HTTPStatus.BAD_REQUEST)
        if not is_theirs:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            LOG.error("a request could not be answered: %s", type(exc).__name__)
        _say(client, status, self.said)


def _say(client: socket.socket, status: HTTPStatus, said: Mapping[str, str]) -> None:
    body = f"{status.phrase}.\n"
    headers = {
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, **said}.items())
    try:
        client.sendall(f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n{body}".encode())
    except OSError:
        LOG.info("whoever asked is gone")


class Processes(BaseApplication):  # type: ignore[misc]
    def __init__(self, settings: Settings, count: int) -> None:
        self.settings, self.count = settings, count
        super().__init__()

    def load_config(self) -> None:
        for name, value in _given(self.settings, self.count).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """In each process by itself: connections to the database are not for sharing."""
        logging.getLogger("gunicorn.error").addFilter(RedactExceptions())
        return _made(self.settings)


def _made(settings: Settings) -> Flask:
    """One process that can’t begin would end all the others: where the database is away just now, it waits for it."""
    while True:
        try:
            return create_app(settings)
        except DatabaseError as error:
            if refusal_of(error) is None:
                raise
            LOG.warning("a new process waits for the database")
            time.sleep(AGAIN_AFTER)


def serve_many(settings: Settings, count: int) -> None:
    """Raise ConfigurationError where the database is not prepared, before any process is begun."""
    council = open_council(settings)
    ensure_prepared(council)
    council.engine.dispose()
    # The name of the server is nobody’s business.
    wsgi.SERVER = "web"
    Threads.said = security_headers(is_https=settings.is_https)
    with _counts_of_all():
        Processes(settings, count).run()


@contextmanager
def _counts_of_all() -> Iterator[None]:
    """A folder for what the processes count, those that died among them; a fresh one, so that nothing of an earlier start is in it."""
    first, given = os.getpid(), os.environ.get(SEVERAL_PROCESSES)
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="practice-audit-counts-", dir=given))
    count_in(folder)
    try:
        yield
    finally:
        # Each process that ends comes by here, too.
        if os.getpid() == first:
            shutil.rmtree(folder, ignore_errors=True)


def _given(settings: Settings, count: int) -> dict[str, Any]:
    """No header is believed here: what proxies say is for the application to judge, by how many there are."""
    return {
        "bind": f"{settings.host}:{settings.port}", "workers": count, "worker_class": Threads, "threads": THREADS, "preload_app": False,
        "timeout": SILENT_FOR, "graceful_timeout": DRAINED_WITHIN, "keepalive": 5, "loglevel": "warning", "control_socket_disable": True,
        "limit_request_line": LONGEST_LINE, "limit_request_fields": MOST_HEADERS, "limit_request_field_size": LONGEST_LINE,
        "forwarded_allow_ips": "", "secure_scheme_headers": {}, "proxy_protocol": "off",
    }  # fmt: skip
