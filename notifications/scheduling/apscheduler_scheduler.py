"""The clockwork of one machine: the only file that knows APScheduler. Short ticks in UTC, kept in memory; what is due is found by query."""

import signal
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue

from apscheduler.events import EVENT_SCHEDULER_STARTED
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.base import BaseTrigger

from notifications.scheduling.jobs import Jobs

Signals = SimpleQueue[int]


class IntervalFromNow(BaseTrigger):  # type: ignore[misc]
    """So many seconds from now. The library’s own interval counts, one by one, every run that a clock set ahead has jumped over."""

    def __init__(self, seconds: int) -> None:
        self.every = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.every


def run_until_stopped(jobs: Jobs, stopping: threading.Event) -> None:
    """Run each job at once and then every so many seconds, until SIGTERM or SIGINT; a job under way is finished first.

    `stopping` is set at once, so that a long job can end early.
    """
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = BlockingScheduler(timezone=UTC, job_defaults=defaults)
    for name, (job, seconds) in jobs.items():
        scheduler.add_job(job, IntervalFromNow(seconds), id=name, next_run_time=datetime.now(UTC))
    told: Signals = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        # No more than this: the scheduler’s own locks may be held by what a signal interrupts, and would be waited for without end.
        signal.signal(number, lambda number, _frame: told.put(number))
    watching = threading.Thread(target=_watch, args=(scheduler, jobs, told, stopping), daemon=True)
    scheduler.add_listener(lambda _: watching.start(), EVENT_SCHEDULER_STARTED)
    scheduler.start()
    watching.join()


def _watch(scheduler: BlockingScheduler, jobs: Jobs, told: Signals, stopping: threading.Event) -> None:
    """Beside the scheduler, until told to stop."""
    try:
        while not _is_told(told):
            _keep_going(scheduler, jobs)
    finally:
        stopping.set()
        scheduler.shutdown(wait=True)


def _is_told(told: Signals) -> bool:
    """Waits for it, for a second."""
    with suppress(Empty):
        told.get(timeout=1)
        return True
    return False


def _keep_going(scheduler: BlockingScheduler, jobs: Jobs) -> None:
    """A clock that went back puts every next run off by as much: then they run now."""
    now = datetime.now(UTC)
    for job in scheduler.get_jobs():
        if job.next_run_time and job.next_run_time - now > timedelta(seconds=2 * jobs[job.id][1]):
            with suppress(JobLookupError):
                job.modify(next_run_time=now)
