"""The web server: gunicorn with threads, one process on SQLite and as many as are wanted on PostgreSQL.

On SIGTERM each process answers what it has begun and ends. The first process replaces one that dies; SIGHUP makes it replace them all.
"""

import gc
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http import wsgi
from gunicorn.workers import gthread

from config.settings import Settings
from web.app import create_app
from web.operations.metrics import SEVERAL_PROCESSES, share_counts_in
from web.request.logging_setup import configure_logging
from web.request.security_headers import security_headers
from web.server.gunicorn_worker import CLOSING_SECONDS, Worker
from workflow.errors import Refusal

LOG = logging.getLogger("practice_audit")
THREADS = 8
# More than what waits and what stays open, so that new connections are always accepted; with a file for each, below the usual 1,024.
MOST_CONNECTIONS = 600
POSTGRESQL_PROCESSES = 2
# Supervisors give at least ten seconds. The first process kills what is left a second after the others give up.
GIVE_UP_SECONDS, KILL_SECONDS = 7, 8
HEARTBEAT_SECONDS = 60
LONGEST_LINE, MOST_HEADERS = 8190, 100


class ServiceLogger(Logger):  # type: ignore[misc]
    """Sends what gunicorn logs through the log of the service, which redacts it."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


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
        "timeout": HEARTBEAT_SECONDS, "graceful_timeout": KILL_SECONDS, "post_worker_init": _stop_sooner, "keepalive": 5, "worker_connections": MOST_CONNECTIONS,
        "logger_class": ServiceLogger, "loglevel": "warning", "control_socket_disable": True,
        "limit_request_line": LONGEST_LINE, "limit_request_fields": MOST_HEADERS, "limit_request_field_size": LONGEST_LINE,
        "forwarded_allow_ips": "", "secure_scheme_headers": {}, "proxy_protocol": "off",
    }  # fmt: skip
