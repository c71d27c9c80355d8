"""Requests as spans, where `practice-audit[tracing]` is installed and OTEL_EXPORTER_OTLP_ENDPOINT names a collector.

Spans hold only what a log line may hold, so they are created here: the ready-made instrumentation records addresses and statements.
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
    """Return what creates the spans of a finished request; it does nothing without a collector. Raise BadSetting."""
    if SWITCH not in os.environ:
        return lambda _: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise BadSetting(f"{SWITCH} needs the packages of practice-audit[tracing]: install them.") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "practice-audit"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=2)))
    return span_recorder(provider, engine)


def span_recorder(provider: "TracerProvider", engine: Engine) -> Callable[[RequestLogContext], None]:
    """One span for the request, child of the proxy’s span where there is one; within it one for each statement, named by its verb."""
    from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    tracer = provider.get_tracer("practice_audit")
    watch_statements(engine, _record_statement)

    def record(request: RequestLogContext) -> None:
        ended, parent = time_ns(), TraceContextTextMapPropagator().extract({"traceparent": request.traceparent})
        facts = {name: value for name in REQUEST_FIELDS if (value := getattr(request, name))}
        began = ended - int(request.duration_ms * 1e6)
        span = tracer.start_span(request.endpoint, parent, SpanKind.SERVER, facts, start_time=began)
        for verb, one_began, one_ended in request.statements:
            tracer.start_span(verb, set_span_in_context(span), SpanKind.CLIENT, start_time=one_began).end(one_ended)
        if request.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(ended)

    return record


def _record_statement(statement: str, began: int) -> None:
    if request := LOG_CONTEXT.get():
        request.statements.append((statement.split(None, 1)[0], began, time_ns()))
