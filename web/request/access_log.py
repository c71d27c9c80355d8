"""For every request: its ID is sent back, one log line says how it ended, and it is counted."""

import logging
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

from flask import Flask, request

from web.request.log_context import LOG_CONTEXT, NO_ROUTE, RequestLogContext, log_context_of
from web.request.view_options import current_view_options

LOG = logging.getLogger("practice_audit.request")
Answer = Callable[..., Any]
Observers = Sequence[Callable[[RequestLogContext], None]]


def init_access_log(app: Flask, observers: Observers, *, is_behind_a_proxy: bool) -> None:
    """Call this before anything that may refuse a request, so that a refused request has the name of its route too."""
    app.before_request(_note_route)
    app.wsgi_app = _observe(app.wsgi_app, observers, is_behind_a_proxy=is_behind_a_proxy)  # type: ignore[method-assign]


def _note_route() -> None:
    if context := LOG_CONTEXT.get():
        context.endpoint, context.is_probe = request.endpoint or NO_ROUTE, current_view_options().is_probe
        context.address_values = tuple(value for value in (request.view_args or {}).values() if isinstance(value, str))


def _observe(inner: Callable[..., Iterable[bytes]], observers: Observers, *, is_behind_a_proxy: bool) -> Answer:
    def call(environ: dict[str, Any], start_response: Answer) -> Iterable[bytes]:
        context, began = log_context_of(environ, is_behind_a_proxy=is_behind_a_proxy), perf_counter()
        token = LOG_CONTEXT.set(context)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            context.status = int(status[:3])
            return start_response(status, [*headers, ("X-Request-ID", context.request_id)], *more)

        try:
            return inner(environ, start)
        finally:
            context.status, context.duration_ms = context.status or 500, round((perf_counter() - began) * 1000, 1)
            _log(context)
            for observe in observers:
                observe(context)
            LOG_CONTEXT.reset(token)

    return call


def _log(context: RequestLogContext) -> None:
    level = logging.DEBUG if context.is_probe and context.status < 400 else logging.INFO
    LOG.log(level, "%s %s %s in %s ms", context.method, context.endpoint, context.status, context.duration_ms)
