"""Served as the service is: by waitress where the database is SQLite, by gunicorn in one process where it is PostgreSQL."""

import os
from collections.abc import Callable
from typing import Any

import waitress
from gunicorn.app.base import BaseApplication

THREADS = 8
Application = Callable[..., Any]


class OneProcess(BaseApplication):  # type: ignore[misc]
    def __init__(self, made: Callable[[], Application], port: int) -> None:
        self.made, self.port = made, port
        super().__init__()

    def load_config(self) -> None:
        given = {"bind": f"127.0.0.1:{self.port}", "worker_class": "gthread", "threads": THREADS, "keepalive": 5, "loglevel": "warning"}
        for name, value in (given | {"control_socket_disable": True}).items():
            self.cfg.set(name, value)

    def load(self) -> Application:
        return self.made()


def serve(url: str, made: Callable[[], Application]) -> None:
    """On PORT. The application is made in the process that answers."""
    port = int(os.environ["PORT"])
    if url.startswith("sqlite"):
        waitress.serve(made(), host="127.0.0.1", port=port, threads=THREADS, ident=None, _quiet=True)
    else:
        OneProcess(made, port).run()
