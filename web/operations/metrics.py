"""Metrics for Prometheus: this process counts what it has done; the state of the service is read from the database at each scrape.

No label identifies a person: a label is a name in this code, of a move, a refusal, a route, or a class of status codes.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from web.request.log_context import RequestLogContext

SEVERAL_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "practice_audit_"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)
GaugeValues = Mapping[str, float | Mapping[str, float]]
disable_created_metrics()  # type: ignore[no-untyped-call]


@contextmanager
def share_counts_in(folder: Path) -> Iterator[None]:
    """Write every count of this process and of those it starts to files in `folder`; a scrape adds them up."""
    before = os.environ.get(SEVERAL_PROCESSES)
    os.environ[SEVERAL_PROCESSES] = str(folder)
    # The library reads the environment only when it is imported.
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        del os.environ[SEVERAL_PROCESSES]
        if before:
            os.environ[SEVERAL_PROCESSES] = before
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call]


class Metrics:
    """`gauges` returns values by name, each a number or numbers by label; `GAUGES` says what each means."""

    def __init__(self, gauges: Callable[[], GaugeValues]) -> None:
        self.gauges, self.registry = gauges, CollectorRegistry()
        self.moves = Counter(f"{PREFIX}moves", "Rows of history that were committed, by move", ["move"], registry=self.registry)
        self.refusals = Counter(f"{PREFIX}refusals", "Requests that were refused, by kind", ["kind"], registry=self.registry)
        names = ["endpoint", "status"]
        self.seconds = Histogram(f"{PREFIX}request_seconds", "Until a request was answered", names, buckets=BUCKETS, registry=self.registry)

    def count(self, request: RequestLogContext) -> None:
        for move in request.moves:
            self.moves.labels(move).inc()
        if request.refusal:
            self.refusals.labels(request.refusal).inc()
        self.seconds.labels(request.endpoint, f"{request.status // 100}xx").observe(request.duration_ms / 1000)

    def text(self) -> bytes:
        scraped = CollectorRegistry()
        if SEVERAL_PROCESSES in os.environ:
            # Each process writes its counts to a file in that folder; the one that is scraped adds them up.
            MultiProcessCollector(scraped)  # type: ignore[no-untyped-call]
        else:
            scraped.register(self.registry)
        scraped.register(GaugeCollector(self.gauges))
        return generate_latest(scraped)


class GaugeCollector(Collector):
    def __init__(self, gauges: Callable[[], GaugeValues]) -> None:
        self.gauges = gauges

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in self.gauges().items():
            meaning, *label = GAUGES[name]
            family = GaugeMetricFamily(PREFIX + name, meaning, labels=label)
            for label_value, number in value.items() if isinstance(value, Mapping) else [("", value)]:
                family.add_metric([label_value] if label else [], number)
            yield family


GAUGES = {
    "database_up": ("1 where the database answers; 0, without the other gauges, where it does not",),
    "outbox_waiting": ("Emails waiting to be sent, including those tried before",),
    "outbox_dead": ("Emails that failed for good and that nobody has dealt with yet",),
    "outbox_oldest_due_seconds": ("Seconds since the email that is longest overdue was due: no worker took it",),
    "outbox_oldest_unsent_seconds": ("Seconds since the oldest waiting email was written, however often it was tried",),
    "tick_age_seconds": ("Seconds since the worker last sent emails or looked for reminders; +Inf where never", "what"),
    "escalations": ("Escalations that are not resolved, by state", "state"),
    "acknowledgements_overdue": ("Recipients who have not acknowledged an escalation by the deadline",),
}
