"""Keeps the lease of an email while it is under way: a mail server may take longer for all its replies than a lease lasts."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

from notifications import outbox
from notifications.outbox import EmailRows
from workflow.storage.engine import DatabaseError, Engine

LOG = logging.getLogger("practice_audit.delivery")
RENEW_EVERY = outbox.LEASE / 3
# Far longer than the channels wait for every reply of one email; then another worker tries.
KEEP_AT_MOST = timedelta(minutes=10)


@contextmanager
def keep_lease(engine: Engine, rows: EmailRows, clock: Callable[[], datetime]) -> Iterator[None]:
    is_over = Event()
    renewing = Thread(target=_renew, args=(engine, rows, clock, is_over), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        is_over.set()
        renewing.join()


def _renew(engine: Engine, rows: EmailRows, clock: Callable[[], datetime], is_over: Event) -> None:
    for _ in range(KEEP_AT_MOST // RENEW_EVERY):
        if is_over.wait(RENEW_EVERY.total_seconds()):
            return
        try:
            outbox.extend_lease(engine, rows, clock())
        except DatabaseError as error:
            LOG.warning("the lease of notice %s could not be renewed: %s", rows[0].id, type(error).__name__)
