"""The service in numbers, for Prometheus: what this process has done is counted here, what stands is asked of the database at each scrape.

No label is anybody’s: a label is a name in this code, of a move, a refusal, a route, or a class of answers.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from web.request.log_context import RequestLogContext

SEVERAL_PROCESSES = "PROMETHEUS_MULTIPROC_DIR"
PREFIX = "practice_audit_"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)
Standing = Mapping[str, float | Mapping[str, float]]
disable_created_metrics()  # type: ignore[no-untyped-call]


def count_in(folder: Path) -> None:
    """From now on whatever is counted, here or in a process that this one begins, is kept in files there, and added up at a scrape."""
    os.environ[SEVERAL_PROCESSES] = str(folder)
    # The library looks into the environment when it is imported, and never again.
    values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]


class Metrics:
    """`standing` answers gauges by name, each a number or numbers by label; what each means stands in `MEANS`."""

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self.standing, self.registry = standing, CollectorRegistry()
        self.moves = Counter(f"{PREFIX}moves", "Rows of history that were committed, by move", ["move"], registry=self.registry)
        self.refusals = Counter(f"{PREFIX}refusals", "Requests that were refused, by kind", ["kind"], registry=self.registry)
        names = ["endpoint", "status"]
        self.seconds = Histogram(f"{PREFIX}request_seconds", "Until a request was answered", names, buckets=BUCKETS, registry=self.registry)

    def count(self, asked: RequestLogContext) -> None:
        for move in asked.moves:
            self.moves.labels(move).inc()
        if asked.refusal:
            self.refusals.labels(asked.refusal).inc()
        self.seconds.labels(asked.endpoint, f"{asked.status // 100}xx").observe(asked.duration_ms / 1000)

    def text(self) -> bytes:
        scraped = CollectorRegistry()
        if SEVERAL_PROCESSES in os.environ:
            # Each keeps its counts in a file of that folder: whichever is asked adds them up.
            MultiProcessCollector(scraped)  # type: ignore[no-untyped-call]
        else:
            scraped.register(self.registry)
        scraped.register(Gauges(self.standing))
        return generate_latest(scraped)


class Gauges(Collector):
    def __init__(self, standing: Callable[[], Standing]) -> None:
        self.standing = standing

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, value in self.standing().items():
            meaning, *label = MEANS[name]
            family = GaugeMetricFamily(PREFIX + name, meaning, labels=label)
            for said, number in value.items() if isinstance(value, Mapping) else [("", value)]:
                family.add_metric([said] if label else [], number)
            yield family


MEANS = {
    "database_up": ("1 where the database answers; 0, and nothing else of it, where it does not",),
    "outbox_waiting": ("Mails that wait to be sent, those tried before among them",),
    "outbox_dead": ("Mails given up on that nobody has seen to yet",),
    "outbox_oldest_due_seconds": ("For how long the mail that is longest due has been due: no worker took it",),
    "outbox_oldest_unsent_seconds": ("How long ago the oldest mail that waits was written: however often it was tried",),
    "tick_age_seconds": ("Since mail was last sent, or reminders last looked for; +Inf where never", "what"),
    "escalations": ("Escalations that are not resolved, by state", "state"),
    "acknowledgements_overdue": ("Recipients who have not acknowledged an escalation in the time they have",),
}
