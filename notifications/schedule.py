"""The clockwork: the only file that knows APScheduler. Short ticks in UTC, kept in memory; what is due is found by query."""

import logging
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.blocking import BlockingScheduler

LOG = logging.getLogger("practice_audit.schedule")
Jobs = Mapping[str, tuple[Callable[[], None], int]]


def run_until_stopped(jobs: Jobs) -> None:
    """Run each job at once and then every so many seconds, until SIGTERM or SIGINT; a job under way is finished first."""
    scheduler = BlockingScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for name, (job, seconds) in jobs.items():
        scheduler.add_job(_noting(name, job), "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC))

    def stop(_signal: int, _frame: Any) -> None:
        scheduler.shutdown(wait=False)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    scheduler.start()


def _noting(name: str, job: Callable[[], None]) -> Callable[[], None]:
    """A tick that fails is said by its kind, and tried again at the next."""

    def tick() -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 (the next tick tries again; the words may be of a case)
            LOG.error("tick %s failed: %s", name, type(error).__name__)  # noqa: TRY400 (a traceback would quote)

    return tick
