"""The web server of the service in a thread of the tests, with an app that they made."""

import os
import socket
import threading
from types import TracebackType

from flask import Flask

from web.server.gunicorn_server import GunicornServer
from web.server.gunicorn_worker import Worker


class InThread(Worker):
    """Without the first process, which starts others and hears signals."""

    def init_signals(self) -> None: ...

    def _cap_keepalive(self, _deadline: float) -> None:
        # When it stops, nobody waits for the connections that a browser keeps open.
        super()._cap_keepalive(0)


def worker_of(app: Flask, listener: socket.socket, kind: type[Worker] = InThread) -> Worker:
    """One process of the server; `init_process()` serves."""
    server = GunicornServer(app.extensions["council"].settings, 1, app)
    return kind(0, os.getppid(), [listener], server, server.cfg.timeout, server.cfg, server.cfg.logger_class(server.cfg))


class ServerThread:
    def __init__(self, app: Flask, port: int = 0) -> None:
        listener = socket.create_server(("127.0.0.1", port))
        self.port: int = listener.getsockname()[1]
        self.worker = worker_of(app, listener)
        self.thread = threading.Thread(target=self.worker.init_process, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.worker.handle_exit(0, None)
        self.thread.join(10)
        self.worker.tmp.close()
        for end in self.worker.PIPE:
            os.close(end)

    def __enter__(self) -> "ServerThread":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
