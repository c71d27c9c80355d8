"""The scheduler for several machines, the only file that uses Procrastinate. Jobs wait in the PostgreSQL that all machines share.

A job only wakes a worker, which finds its work in the outbox and the tables. So a job that is lost or run twice changes nothing.
"""

import asyncio
import logging
import signal
import time
from threading import Event
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from notifications.scheduling.jobs import Job, Jobs

LOG = logging.getLogger("practice_audit.schedule")
QUEUE = "worker"
RECOVER_EVERY, AT_ONCE = 10, 3
HEARTBEAT, DEAD_AFTER = 5, 15
"""Seconds. A worker without a heartbeat for that long is dead, and its jobs are run by others."""
OPENED_WITHIN, AGAIN_AFTER, CLOCK_JUMPED = 5, 1, 30


def run_until_stopped(url: str, jobs: Jobs, stopping: Event) -> None:
    """Run each job at its interval, on one of the machines, and whenever a move calls it, until SIGTERM or SIGINT.

    If the database becomes unavailable, go on when it is back. `stopping` is set at once, so that a long job can end early.
    """
    # Their logs describe each job at length, and quote errors and addresses.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_run(url.replace("postgresql+psycopg://", "postgresql://", 1), jobs, stopping))


async def _run(url: str, jobs: Jobs, stopping: Event) -> None:
    is_stopping, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop() -> None:
        stopping.set()
        is_stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    while not is_stopping.is_set():
        try:
            await _work(_app(url, jobs), is_stopping)
        except Exception as error:  # noqa: BLE001 (the database is unavailable; the message may contain its address)
            LOG.error("the queue can’t be reached: %s", type(error).__name__)  # noqa: TRY400 (a traceback would quote)
        await _wait(is_stopping, AGAIN_AFTER)


async def _work(app: App, is_stopping: asyncio.Event) -> None:
    """Return when `is_stopping` is set, or when the connection is lost."""
    worker = Worker(
        app, queues=[QUEUE], concurrency=AT_ONCE, delete_jobs="always", install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=DEAD_AFTER,
    )  # fmt: skip
    try:
        async with asyncio.timeout(OPENED_WITHIN):
            await app.open_async()
        watching = asyncio.create_task(_stop_in_time(worker, is_stopping))
        try:
            await worker.run()
        finally:
            watching.cancel()
    finally:
        await app.close_async()


async def _stop_in_time(worker: Worker, is_stopping: asyncio.Event) -> None:
    """Stop the worker when is_stopping, and when the clock jumps: the library would wait for a future time, or run every skipped one."""
    ahead = time.time() - time.monotonic()
    while not is_stopping.is_set() and abs(time.time() - time.monotonic() - ahead) < CLOCK_JUMPED:
        await _wait(is_stopping, 1)
    worker.stop()


async def _wait(is_stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await is_stopping.wait()
    except TimeoutError:
        pass


def _app(url: str, jobs: Jobs) -> App:
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=AT_ONCE + 1))
    for name, (job, seconds) in jobs.items():
        _add(app, name, _as_task(job), seconds)
    _add(app, "recover", _recovering(app), RECOVER_EVERY)
    return app


def _add(app: App, name: str, job: Any, seconds: int) -> None:
    """The first worker at each tick puts the job into the queue."""
    app.periodic(cron=_cron(seconds))(app.task(name=name, queue=QUEUE)(job))


def _as_task(job: Job) -> Any:
    # A periodic job is passed its time; a job deferred by a move is passed nothing.
    def run(timestamp: int = 0) -> None:
        job()

    return run


def _cron(seconds: int) -> str:
    return f"* * * * * */{seconds}" if seconds < 60 else f"*/{seconds // 60} * * * *"


def _recovering(app: App) -> Any:
    async def recover(timestamp: int = 0) -> None:
        """Put the jobs of dead workers back into the queue. If two workers find the same job, the second changes nothing."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
            try:
                await app.job_manager.retry_job(job)
            except ConnectorException:
                LOG.info("another worker recovered the job")

    return recover
