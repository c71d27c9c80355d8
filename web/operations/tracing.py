"""Requests as spans, where `practice-audit[tracing]` is installed and OTEL_EXPORTER_OTLP_ENDPOINT names who gathers them.

Made by hand, of what a line of the log may hold: the instrumentation that there is writes addresses and statements into them.
"""

import os
from collections.abc import Callable
from time import time_ns
from typing import TYPE_CHECKING

from config.settings import BadSetting
from web.operations.queries import watch_statements
from web.request.log_context import LOG_CONTEXT, RequestLogContext
from web.request.logging_setup import REQUEST_FIELDS
from workflow.storage.engine import Engine

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SWITCH = "OTEL_EXPORTER_OTLP_ENDPOINT"


def tracing(engine: Engine) -> Callable[[RequestLogContext], None]:
    """What makes spans of a request that was answered; nothing where nobody gathers them. Raises BadSetting."""
    if SWITCH not in os.environ:
        return lambda _: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise BadSetting(f"{SWITCH} needs what is installed with practice-audit[tracing].") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "practice-audit"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=2)))
    return spans_of(provider, engine)


def spans_of(provider: "TracerProvider", engine: Engine) -> Callable[[RequestLogContext], None]:
    """One for the request, as its proxy’s child where there is one; within it one for each statement, by its verb alone."""
    from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    tracer = provider.get_tracer("practice_audit")
    watch_statements(engine, _keep)

    def make(asked: RequestLogContext) -> None:
        ended, parent = time_ns(), TraceContextTextMapPropagator().extract({"traceparent": asked.traceparent})
        facts = {name: value for name in REQUEST_FIELDS if (value := getattr(asked, name))}
        began = ended - int(asked.duration_ms * 1e6)
        span = tracer.start_span(asked.endpoint, parent, SpanKind.SERVER, facts, start_time=began)
        for verb, one_began, one_ended in asked.statements:
            tracer.start_span(verb, set_span_in_context(span), SpanKind.CLIENT, start_time=one_began).end(one_ended)
        if asked.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    return make


def _keep(statement: str, began: int) -> None:
    if asked := LOG_CONTEXT.get():
        asked.statements.append((statement.split(None, 1)[0], began, time_ns()))
