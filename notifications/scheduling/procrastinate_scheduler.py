"""The clockwork of several machines: the only file that knows Procrastinate. Jobs wait in the one PostgreSQL that everybody shares.

A job says only that there is something to do; what there is, the outbox and the tables say. So one that is lost, or run twice, changes nothing.
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
"""Seconds. A worker not heard of for as long as that is dead, and its jobs are done by others."""
OPENED_WITHIN, AGAIN_AFTER, CLOCK_JUMPED = 5, 1, 30


def run_until_stopped(url: str, jobs: Jobs, stopping: Event) -> None:
    """Run each job every so many seconds, on one of the machines, and whenever it is asked for, until SIGTERM or SIGINT.

    Where the database goes away, go on when it is back. `stopping` is set at once, so that a long job can end early.
    """
    # They tell of each job at length, and quote what failed and the address that can’t be reached.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_run(url.replace("postgresql+psycopg://", "postgresql://", 1), jobs, stopping))


async def _run(url: str, jobs: Jobs, stopping: Event) -> None:
    asked, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop() -> None:
        stopping.set()
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    while not asked.is_set():
        try:
            await _work(_app(url, jobs), asked)
        except Exception as error:  # noqa: BLE001 (the database is away; its words may hold the address)
            LOG.error("the queue can’t be reached: %s", type(error).__name__)  # noqa: TRY400 (a traceback would quote)
        await _wait(asked, AGAIN_AFTER)


async def _work(app: App, asked: asyncio.Event) -> None:
    """Ends when asked to, or by itself where its connection is lost."""
    worker = Worker(
        app, queues=[QUEUE], concurrency=AT_ONCE, delete_jobs="always", install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT, stalled_worker_timeout=DEAD_AFTER,
    )  # fmt: skip
    try:
        async with asyncio.timeout(OPENED_WITHIN):
            await app.open_async()
        watching = asyncio.create_task(_stop_in_time(worker, asked))
        try:
            await worker.run()
        finally:
            watching.cancel()
    finally:
        await app.close_async()


async def _stop_in_time(worker: Worker, asked: asyncio.Event) -> None:
    """When asked to. Also where the clock jumps: this library would wait for a time to come, or make up for each time jumped over."""
    ahead = time.time() - time.monotonic()
    while not asked.is_set() and abs(time.time() - time.monotonic() - ahead) < CLOCK_JUMPED:
        await _wait(asked, 1)
    worker.stop()


async def _wait(asked: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await asked.wait()
    except TimeoutError:
        pass


def _app(url: str, jobs: Jobs) -> App:
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=AT_ONCE + 1))
    for name, (job, seconds) in jobs.items():
        _add(app, name, _called(job), seconds)
    _add(app, "recover", _recovering(app), RECOVER_EVERY)
    return app


def _add(app: App, name: str, job: Any, seconds: int) -> None:
    """Whichever worker comes first puts it into the queue, once for each time of the clock."""
    app.periodic(cron=_cron(seconds))(app.task(name=name, queue=QUEUE)(job))


def _called(job: Job) -> Any:
    # The clock tells its jobs what time they are for; one deferred with a move is told nothing.
    def run(timestamp: int = 0) -> None:
        job()

    return run


def _cron(seconds: int) -> str:
    return f"* * * * * */{seconds}" if seconds < 60 else f"*/{seconds // 60} * * * *"


def _recovering(app: App) -> Any:
    async def recover(timestamp: int = 0) -> None:
        """Jobs of the dead wait again; of two who find the same, the second finds it no longer held."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER):
            try:
                await app.job_manager.retry_job(job)
            except ConnectorException:
                LOG.info("a job was recovered by another")

    return recover
