"""Serve a peer as the service is served: gunicorn with threads, in one process."""

import os
from collections.abc import Callable
from typing import Any

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


def serve(made: Callable[[], Application]) -> None:
    """On PORT. The application is made in the process that answers."""
    OneProcess(made, int(os.environ["PORT"])).run()
