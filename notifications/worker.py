"""The worker: finds whom it is time to remind, and sends what is to be sent. n of them have the effects of one."""

import logging
import os
import secrets
import socket
import threading
from datetime import UTC, datetime

from notifications import outbox, queries
from notifications.channels import open_channel
from notifications.delivery import deliver
from notifications.parts import Parts
from notifications.schedule import run_until_stopped
from notifications.sweeping import sweep, tick

__all__ = ["run_forever", "run_once", "sweep"]

LOG = logging.getLogger("practice_audit.worker")
DELIVER_EVERY, SWEEP_EVERY = 2, 60


def run_once(parts: Parts, now: datetime) -> int:
    """Everything that is due at `now`; answers how many mails were sent."""
    channel = open_channel(parts.settings)
    try:
        sweep(parts, now)
        outbox.beat(parts.engine, queries.SWEEPER, now)
        sent = deliver(parts, channel, _name(), lambda: now)
        outbox.beat(parts.engine, "once", now)
    finally:
        channel.close()
    return sent


def run_forever(parts: Parts) -> None:
    """Until told to stop. The mail that is being sent is finished first, and no other is begun."""
    name, channel, stopping = _name(), open_channel(parts.settings), threading.Event()
    if parts.settings.is_production and parts.settings.mail_url.startswith("folder:"):
        LOG.warning("PRACTICE_AUDIT_MAIL_URL is a folder: mails are written there, and nobody is sent one.")

    def send() -> None:
        deliver(parts, channel, name, _now, stopping)
        outbox.beat(parts.engine, "worker", _now())

    def look() -> None:
        tick(parts, _now())

    is_finished = run_until_stopped({"send": (send, DELIVER_EVERY), "look": (look, SWEEP_EVERY)}, stopping)
    if not is_finished:
        LOG.warning("Stopped in the middle: another worker takes it up within a minute.")
        # Python would wait for the thread, for as long as a mail server that hangs.
        os._exit(0)
    channel.close()


def _now() -> datetime:
    return datetime.now(UTC)


def _name() -> str:
    return f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"
