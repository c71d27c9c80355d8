"""The web server: waitress, threads in one process; where the database is PostgreSQL, several processes of `serving_many`."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import waitress
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from config.settings import Settings
from web.app import create_app
from web.request.limits import MAX_BYTES
from web.request.logging_setup import configure_logging
from web.request.security_headers import security_headers
from web.server.graceful_shutdown import Sockets, run_until_stopped
from workflow.errors import Refusal

THREADS = 8
PROCESSES = 2
# Above what the service takes, so that its own page can say so; below what would fill a disk.
MOST_BYTES_OF_A_BODY = 2 * MAX_BYTES
MOST_BYTES_OF_HEADERS = 64 * 1024


class RefusedAtTheDoor(ErrorTask):  # type: ignore[misc]
    """What the server itself refuses, a broken header or too long a line, says as little and as much as any answer."""

    def __init__(self, said: Mapping[str, str], channel: Any, request: Any) -> None:
        super().__init__(channel, request)
        self.said = said

    def execute(self) -> None:
        error = self.request.error
        body = f"{error.reason}.\n".encode()
        self.status, self.content_length = f"{error.code} {error.reason}", len(body)
        self.response_headers.extend([("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), *self.said.items()])
        self.set_close_on_finish()
        self.write(body)


def serve(settings: Settings, processes: int | None = None) -> None:
    """Until told to stop; what is under way is answered first.

    Raises Refusal for several processes on the embedded database, which one machine keeps to itself.
    """
    configure_logging(is_production=settings.is_production)
    if settings.database_url.startswith("postgresql"):
        # Only where it is needed: it is installed with PostgreSQL’s own driver.
        from web.server.gunicorn_server import serve_many

        serve_many(settings, processes or PROCESSES)
    elif processes and processes > 1:
        raise Refusal("Several web processes need PostgreSQL: set PRACTICE_AUDIT_DATABASE_URL.")
    else:
        sockets: Sockets = {}
        open_server(create_app(settings), settings, map=sockets)
        run_until_stopped(sockets)


def open_server(app: Flask, settings: Settings, **more: Any) -> Any:
    """What proxies say is believed where there are any: without, whoever calls could say it."""
    HTTPChannel.error_task_class = partial(RefusedAtTheDoor, security_headers(is_https=settings.is_https))
    given = {"host": settings.host, "port": settings.port, "threads": THREADS, **more}
    return waitress.create_server(
        app, **given, ident=None, clear_untrusted_proxy_headers=not settings.proxies,
        max_request_body_size=MOST_BYTES_OF_A_BODY, max_request_header_size=MOST_BYTES_OF_HEADERS,
    )  # fmt: skip
