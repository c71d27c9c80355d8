"""The clockwork: the only file that knows APScheduler. Short ticks in UTC, kept in memory; what is due is found by query."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_SCHEDULER_STARTED
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger

LOG = logging.getLogger("practice_audit.schedule")
# Less than the ten seconds that supervisors give at least.
PATIENCE = 8.0
Jobs = Mapping[str, tuple[Callable[[], None], int]]


class EverySoOften(BaseTrigger):  # type: ignore[misc]
    """So many seconds from now. The library’s own interval counts, one by one, every run that a clock set ahead has jumped over."""

    def __init__(self, seconds: int) -> None:
        self.every = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.every


def run_until_stopped(jobs: Jobs, stopping: threading.Event | None = None) -> bool:
    """Run each job at once and then every so many seconds, until SIGTERM or SIGINT, which set `stopping`.

    Answers whether what was under way has been finished; eight seconds are waited for it.
    """
    stopping = stopping or threading.Event()
    under_way = {name: threading.Lock() for name in jobs}
    scheduler = BlockingScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    for name, (job, seconds) in jobs.items():
        scheduler.add_job(_noting(name, job, under_way[name]), EverySoOften(seconds), id=name, next_run_time=datetime.now(UTC))
    scheduler.add_listener(
        lambda _: threading.Thread(target=_keep_going, args=(scheduler, jobs), daemon=True).start(), EVENT_SCHEDULER_STARTED
    )

    def stop(_signal: int, _frame: Any) -> None:
        stopping.set()
        scheduler.shutdown(wait=False)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    scheduler.start()
    until = time.monotonic() + PATIENCE
    return all(lock.acquire(timeout=max(until - time.monotonic(), 0)) for lock in under_way.values())


def _keep_going(scheduler: BlockingScheduler, jobs: Jobs) -> None:
    """A clock that went back puts every next run off by as much: then they run now. Measured by the clock that never goes back."""
    stopping = threading.Event()
    while not stopping.wait(1) and scheduler.running:
        now = datetime.now(UTC)
        for job in scheduler.get_jobs():
            if job.next_run_time and job.next_run_time - now > timedelta(seconds=2 * jobs[job.id][1]):
                with suppress(JobLookupError):
                    job.modify(next_run_time=now)


def _noting(name: str, job: Callable[[], None], under_way: threading.Lock) -> Callable[[], None]:
    """A tick that fails is said by its kind, and tried again at the next."""

    def tick() -> None:
        try:
            with under_way:
                job()
        except Exception as error:  # noqa: BLE001 (the next tick tries again; the words may be of a case)
            LOG.error("tick %s failed: %s", name, type(error).__name__)  # noqa: TRY400 (a traceback would quote)

    return tick
