"""The worker: finds whom it is time to remind, and sends what is to be sent. n of them have the effects of one."""

import logging
import os
import secrets
import socket
from datetime import UTC, datetime, timedelta

from notifications import outbox, queries
from notifications.channels import open_channel
from notifications.delivery import Parts, deliver
from notifications.reminders import Due, chases, look_again_on, reminders
from notifications.schedule import run_until_stopped
from notifications.watching import many_read
from workflow.calendar import london_day

LOG = logging.getLogger("practice_audit.worker")
DELIVER_EVERY, SWEEP_EVERY = 2, 60


def run_once(parts: Parts, now: datetime) -> int:
    """Everything that is due at `now`; answers how many mails were sent."""
    channel = open_channel(parts.settings)
    try:
        sweep(parts, now)
        sent = deliver(parts, channel, _name(), now)
        outbox.beat(parts.engine, "once", now)
    finally:
        channel.close()
    return sent


def run_forever(parts: Parts) -> None:
    """Until told to stop; what is under way is finished first."""
    name, channel = _name(), open_channel(parts.settings)
    if parts.settings.is_production and parts.settings.mail_url.startswith("folder:"):
        LOG.warning("PRACTICE_AUDIT_MAIL_URL is a folder: mails are written there, and nobody is sent one.")

    def send() -> None:
        now = datetime.now(UTC)
        deliver(parts, channel, name, now)
        outbox.beat(parts.engine, "worker", now)

    def look() -> None:
        now = datetime.now(UTC)
        if queries.claim_slot(parts.engine, "sweep", f"{now:%Y-%m-%dT%H:%M}", now):
            sweep(parts, now)

    try:
        run_until_stopped({"send": (send, DELIVER_EVERY), "look": (look, SWEEP_EVERY)})
    finally:
        channel.close()


def sweep(parts: Parts, now: datetime) -> None:
    """Reminders of actions, chases of escalations, closing windows: found by query, each told once by its key."""
    today, directory, clocks = london_day(now), parts.store.directory(now), parts.who_hears.clocks
    for row in queries.actions_to_look_at(parts.engine, today):
        people = (row.owner_id, row.team, row.team_manager_id, row.service_manager_id, row.child_id)
        action = Due(row.reference, row.number, row.due_on, row.remind_on, *people)
        queries.remind(parts.engine, row, reminders(action, today, clocks, directory), look_again_on(row.due_on, today, clocks), now)
    for audit in queries.escalations_waiting(parts.engine):
        queries.tell(parts.engine, tuple(chases(audit, today, clocks, directory)), now)
    many = queries.readers_of_many(parts.engine, clocks["many_audits_read_in_an_hour"], now - timedelta(hours=1))
    queries.tell(parts.engine, tuple(many_read(many, now, directory)), now)
    for row in queries.windows_closing(parts.engine, today):
        queries.prompt_re_audit(parts.engine, row, now)


def _name() -> str:
    return f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"
