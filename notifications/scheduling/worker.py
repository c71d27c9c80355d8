"""The worker finds due reminders and sends emails. Any number of workers have the effect of one."""

import logging
import os
import secrets
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from threading import Event, Thread
from urllib.parse import urlsplit

from config.settings import Settings
from notifications import outbox, queries
from notifications.channels import Channel
from notifications.channels.folder import FolderChannel
from notifications.channels.govuk_notify import NotifyChannel
from notifications.channels.smtp import SmtpChannel
from notifications.context import WorkerContext
from notifications.delivery.sender import deliver
from notifications.scheduling.jobs import Jobs, OneAtATime, log_failures
from notifications.scheduling.sweep import correct_clock_rollback, sweep, tick
from workflow.storage.child_keys import fill_child_keys
from workflow.storage.log_chains import link_unlinked, record_heads

__all__ = ["run_forever", "run_once", "sweep", "utc_now"]

LOG = logging.getLogger("practice_audit.worker")
SWEEP_EVERY = 60
# Less than the ten seconds that supervisors give at least.
STOP_WITHIN = 8.0
# On PostgreSQL a commit wakes a worker; the interval is for emails that wait, are tried again, or were left by a dead worker.
DELIVER_EVERY = {"sqlite": 2, "postgresql": 10}


def run_once(context: WorkerContext, now: datetime, clock: Callable[[], datetime] | None = None) -> int:
    """Do everything that is due at `now`. Return how many emails were sent.

    Leases follow `clock`; without it, every time is `now`.
    """
    channel = open_channel(context.settings)
    try:
        correct_clock_rollback(context, now)
        sweep(context, now)
        outbox.heartbeat(context.engine, queries.SWEEPER, now)
        sent = deliver(context, channel, _name(), clock or (lambda: now))
        outbox.heartbeat(context.engine, "once", now)
    finally:
        channel.close()
    return sent


def run_forever(context: WorkerContext) -> None:
    """Run until SIGTERM or SIGINT. The email that is being sent is finished first, and no other is started."""
    name, channel, stopping, finished = _name(), open_channel(context.settings), Event(), Event()
    for warning in context.settings.warnings:
        LOG.warning(warning)
    log_failures("link", partial(_link_unlinked, context))()

    def send() -> None:
        deliver(context, channel, name, utc_now, stopping)
        outbox.heartbeat(context.engine, "worker", utc_now())

    def check() -> None:
        tick(context, utc_now())

    Thread(target=_end_in_time, args=(stopping, finished), daemon=True).start()
    deliver_every = DELIVER_EVERY[context.engine.dialect.name]
    try:
        _run(
            context,
            {"send": (OneAtATime(log_failures("send", send)), deliver_every), "look": (log_failures("look", check), SWEEP_EVERY)},
            stopping,
        )
    finally:
        channel.close()
        finished.set()


def _link_unlinked(context: WorkerContext) -> None:
    """During an upgrade a process of the release before starts audits and writes without links and keys, until the last one was replaced."""
    record_heads(context.engine)
    fill_child_keys(context.engine)
    for chain, number in link_unlinked(context.engine).items():
        if number:
            LOG.warning("%s rows of %s had no link, as the release before writes them. They are linked now.", number, chain)


def open_channel(settings: Settings) -> Channel:
    if settings.mail_url.startswith("folder:"):
        return FolderChannel(settings.mail_url.removeprefix("folder:"))
    if settings.mail_url.startswith("notify:"):
        return NotifyChannel(settings.mail_url, settings.notify_api_key)
    return SmtpChannel(urlsplit(settings.mail_url), settings.mail_from)


def _end_in_time(stopping: Event, finished: Event) -> None:
    stopping.wait()
    if not finished.wait(STOP_WITHIN):
        LOG.warning("Stopped while sending: another worker sends the rest within a minute.")
        # Python would wait for the thread as long as the mail server hangs.
        os._exit(0)


def _run(context: WorkerContext, jobs: Jobs, stopping: Event) -> None:
    """With SQLite, schedule on this machine alone; with PostgreSQL, on any number of machines, by a queue in the database."""
    if context.engine.dialect.name == "postgresql":
        # Imported where it is needed: it is only installed with the PostgreSQL driver.
        from notifications.scheduling.procrastinate_scheduler import run_until_stopped

        run_until_stopped(context.settings.database_url, jobs, stopping)
    else:
        from notifications.scheduling.apscheduler_scheduler import run_until_stopped as run_alone

        run_alone(jobs, stopping)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _name() -> str:
    return f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"
