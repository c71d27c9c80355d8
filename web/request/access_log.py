"""Around every request: its id is sent back, one line says how it went, and it is counted."""

import logging
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

from flask import Flask, request

from web.request.log_context import LOG_CONTEXT, NO_ROUTE, RequestLogContext, log_context_of
from web.request.view_options import current_view_options

LOG = logging.getLogger("practice_audit.request")
Answer = Callable[..., Any]
Watching = Sequence[Callable[[RequestLogContext], None]]


def init_access_log(app: Flask, watching: Watching, *, is_behind_a_proxy: bool) -> None:
    """Before whatever may refuse, so that what is refused has its route’s name too."""
    app.before_request(_note_route)
    app.wsgi_app = _watched(app.wsgi_app, watching, is_behind_a_proxy=is_behind_a_proxy)  # type: ignore[method-assign]


def _note_route() -> None:
    if asked := LOG_CONTEXT.get():
        asked.endpoint, asked.is_probe = request.endpoint or NO_ROUTE, current_view_options().is_probe
        asked.named = tuple(value for value in (request.view_args or {}).values() if isinstance(value, str))


def _watched(inner: Callable[..., Iterable[bytes]], watching: Watching, *, is_behind_a_proxy: bool) -> Answer:
    def call(environ: dict[str, Any], start_response: Answer) -> Iterable[bytes]:
        asked, began = log_context_of(environ, is_behind_a_proxy=is_behind_a_proxy), perf_counter()
        token = LOG_CONTEXT.set(asked)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            asked.status = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", asked.request_id)], *more)

        try:
            return inner(environ, start)
        finally:
            asked.status, asked.duration_ms = asked.status or 500, round((perf_counter() - began) * 1000, 1)
            _say(asked)
            for one in watching:
                one(asked)
            LOG_CONTEXT.reset(token)

    return call


def _say(asked: RequestLogContext) -> None:
    level = logging.DEBUG if asked.is_probe and asked.status < 400 else logging.INFO
    LOG.log(level, "%s %s %s in %s ms", asked.method, asked.endpoint, asked.status, asked.duration_ms)
