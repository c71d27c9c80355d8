"""The clockwork of one machine: the only file that knows APScheduler. Short ticks in UTC, kept in memory; what is due is found by query."""

import signal
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from notifications.ticking import Jobs


class EverySoOften(BaseTrigger):  # type: ignore[misc]
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
    scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)
    for name, (job, seconds) in jobs.items():
        scheduler.add_job(job, EverySoOften(seconds), id=name, next_run_time=datetime.now(UTC))
    told: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        # No more than this: the scheduler’s own locks may be held by what a signal interrupts, and would be waited for without end.
        signal.signal(number, lambda number, _frame: told.put(number))
    scheduler.start()
    threading.Thread(target=_keep_going, args=(scheduler, jobs), daemon=True).start()
    told.get()
    stopping.set()
    scheduler.shutdown(wait=True)


def _keep_going(scheduler: BackgroundScheduler, jobs: Jobs) -> None:
    """A clock that went back puts every next run off by as much: then they run now. Measured by the clock that never goes back."""
    pausing = threading.Event()
    while not pausing.wait(1) and scheduler.running:
        now = datetime.now(UTC)
        for job in scheduler.get_jobs():
            if job.next_run_time and job.next_run_time - now > timedelta(seconds=2 * jobs[job.id][1]):
                with suppress(JobLookupError):
                    job.modify(next_run_time=now)
