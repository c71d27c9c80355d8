"""The worker: finds whom it is time to remind, and sends what is to be sent. n of them have the effects of one."""

import logging
import os
import secrets
import socket
from datetime import UTC, datetime
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
from notifications.scheduling.sweep import sweep, tick

__all__ = ["run_forever", "run_once", "sweep"]

LOG = logging.getLogger("practice_audit.worker")
SWEEP_EVERY = 60
# Less than the ten seconds that supervisors give at least.
PATIENCE = 8.0
# Where the queue is told of each mail as it is written, looking is for what is held, tried again, or left by the dead.
DELIVER_EVERY = {"sqlite": 2, "postgresql": 10}


def run_once(context: WorkerContext, now: datetime) -> int:
    """Everything that is due at `now`; answers how many mails were sent."""
    channel = open_channel(context.settings)
    try:
        sweep(context, now)
        outbox.heartbeat(context.engine, queries.SWEEPER, now)
        sent = deliver(context, channel, _name(), lambda: now)
        outbox.heartbeat(context.engine, "once", now)
    finally:
        channel.close()
    return sent


def run_forever(context: WorkerContext) -> None:
    """Until told to stop. The mail that is being sent is finished first, and no other is begun."""
    name, channel, stopping, finished = _name(), open_channel(context.settings), Event(), Event()
    if context.settings.is_production and context.settings.mail_url.startswith("folder:"):
        LOG.warning("PRACTICE_AUDIT_MAIL_URL is a folder: mails are written there, and nobody is sent one.")

    def send() -> None:
        deliver(context, channel, name, _now, stopping)
        outbox.heartbeat(context.engine, "worker", _now())

    def look() -> None:
        tick(context, _now())

    Thread(target=_end_in_time, args=(stopping, finished), daemon=True).start()
    deliver_every = DELIVER_EVERY[context.engine.dialect.name]
    try:
        _run(
            context,
            {"send": (OneAtATime(log_failures("send", send)), deliver_every), "look": (log_failures("look", look), SWEEP_EVERY)},
            stopping,
        )
    finally:
        channel.close()
        finished.set()


def open_channel(settings: Settings) -> Channel:
    if settings.mail_url.startswith("folder:"):
        return FolderChannel(settings.mail_url.removeprefix("folder:"))
    if settings.mail_url.startswith("notify:"):
        return NotifyChannel(settings.mail_url, settings.notify_api_key)
    return SmtpChannel(urlsplit(settings.mail_url), settings.mail_from)


def _end_in_time(stopping: Event, finished: Event) -> None:
    stopping.wait()
    if not finished.wait(PATIENCE):
        LOG.warning("Stopped in the middle: another worker takes it up within a minute.")
        # Python would wait for the thread, for as long as a mail server that hangs.
        os._exit(0)


def _run(context: WorkerContext, jobs: Jobs, stopping: Event) -> None:
    """With the embedded database, one machine by its own clock; with PostgreSQL, as many as there are, by one queue in it."""
    if context.engine.dialect.name == "postgresql":
        # Only where it is needed: it is installed with PostgreSQL’s own driver.
        from notifications.scheduling.procrastinate_scheduler import run_until_stopped

        run_until_stopped(context.settings.database_url, jobs, stopping)
    else:
        from notifications.scheduling.apscheduler_scheduler import run_until_stopped as run_alone

        run_alone(jobs, stopping)


def _now() -> datetime:
    return datetime.now(UTC)


def _name() -> str:
    return f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"
