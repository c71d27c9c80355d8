"""The scheduler for one machine, the only file that uses APScheduler. It ticks in UTC and stores nothing: due work is found by query."""

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
    """A number of seconds from now. The library’s own interval trigger would count every run that a clock set ahead has skipped."""

    def __init__(self, seconds: int) -> None:
        self.every = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now + self.every


def run_until_stopped(jobs: Jobs, stopping: threading.Event) -> None:
    """Run each job at once and then at its interval, until SIGTERM or SIGINT; a running job is finished first.

    `stopping` is set at once, so that a long job can end early.
    """
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = BlockingScheduler(timezone=UTC, job_defaults=defaults)
    for name, (job, seconds) in jobs.items():
        scheduler.add_job(job, IntervalFromNow(seconds), id=name, next_run_time=datetime.now(UTC))
    signals: Signals = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Do no more here: the interrupted code may hold the scheduler’s locks, and waiting for them would never end.
        signal.signal(number, lambda number, _frame: signals.put(number))
    watching = threading.Thread(target=_watch, args=(scheduler, jobs, signals, stopping), daemon=True)
    scheduler.add_listener(lambda _: watching.start(), EVENT_SCHEDULER_STARTED)
    scheduler.start()
    watching.join()


def _watch(scheduler: BlockingScheduler, jobs: Jobs, signals: Signals, stopping: threading.Event) -> None:
    """Run beside the scheduler, until a signal arrives."""
    try:
        while not _is_signalled(signals):
            _run_delayed(scheduler, jobs)
    finally:
        stopping.set()
        scheduler.shutdown(wait=True)


def _is_signalled(signals: Signals) -> bool:
    """Wait up to a second for a signal."""
    with suppress(Empty):
        signals.get(timeout=1)
        return True
    return False


def _run_delayed(scheduler: BlockingScheduler, jobs: Jobs) -> None:
    """A clock that is set back delays every next run by as much: run them now."""
    now = datetime.now(UTC)
    for job in scheduler.get_jobs():
        if job.next_run_time and job.next_run_time - now > timedelta(seconds=2 * jobs[job.id][1]):
            with suppress(JobLookupError):
                job.modify(next_run_time=now)
