"""Sending what is due: lease, build once, send, mark. One mail that can’t go does not stop the rest."""

import logging
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

from config.settings import Settings
from notifications import outbox
from notifications.channels import Channel, Never, NotNow
from notifications.clocks import SAID_BY_CLOCKS, is_still_so
from notifications.messages import build, message_id
from notifications.recipients import WhoHears
from workflow.definition import Rules
from workflow.people import Directory
from workflow.storage.engine import Engine
from workflow.storage.saving import QA_INBOX
from workflow.storage.store import SqlStore

LOG = logging.getLogger("practice_audit.delivery")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the worker works with."""

    settings: Settings
    engine: Engine
    store: SqlStore
    who_hears: WhoHears
    rules: Rules


def deliver(parts: Parts, channel: Channel, worker: str, now: datetime, stopping: Event | None = None) -> int:
    """Send all that is due, until told to stop; answers how many were sent."""
    sent, stopping = 0, stopping or Event()
    while not stopping.is_set() and (rows := outbox.claim(parts.engine, worker, now)):
        # Read again for each batch: what it says of somebody since then holds for every mail not sent yet.
        directory = parts.store.directory()
        sent += sum(_deliver_one(parts, channel, directory, row, now) for row in rows if not stopping.is_set())
    return sent


def _deliver_one(parts: Parts, channel: Channel, directory: Directory, row: Any, now: datetime) -> bool:
    try:
        if (
            not outbox.is_still_true(parts.engine, row, now)
            or _is_connected(parts, directory, row)
            or not _is_still_so(parts, directory, row)
        ):
            outbox.mark_cancelled(parts.engine, row.id)
            return False
        to, ident, body = _built(parts, directory, row)
        channel.send(to, ident, body)
    except Never as refused:
        outbox.mark_dead(parts.engine, row, str(refused), now)
    except NotNow as refused:
        outbox.mark_failed(parts.engine, row, str(refused), now)
    except Exception as error:  # noqa: BLE001 (a poisoned row must not stop the rest; its words may be of a case)
        LOG.error("notice %s could not be sent: %s", row.id, type(error).__name__)  # noqa: TRY400 (a traceback would quote)
        outbox.mark_failed(parts.engine, row, f"it could not be built: {type(error).__name__}", now)
    else:
        outbox.mark_sent(parts.engine, row.id, now)
        return True
    return False


def _is_still_so(parts: Parts, directory: Directory, row: Any) -> bool:
    audit = parts.store.audit(row.reference) if row.event in SAID_BY_CLOCKS else None
    return audit is None or is_still_so(audit, row, parts.who_hears.clocks, directory)


def _is_connected(parts: Parts, directory: Directory, row: Any) -> bool:
    """Who has declared a connection to the child hears nothing of its audits any more, not even what waited to be sent."""
    return row.recipient in directory.connections and directory.is_connected(row.recipient, outbox.child_of(parts.engine, row.reference))


def _built(parts: Parts, directory: Directory, row: Any) -> tuple[str, str, bytes]:
    """The stored bytes where there was an attempt before, else new ones to the address that the directory holds now."""
    if row.body is not None:
        return row.sent_to, row.message_id, row.body
    person = directory.person(row.recipient) if row.recipient != QA_INBOX else None
    if row.recipient != QA_INBOX and (person is None or not person.can_be_reached):
        raise Never("nobody active with an address holds it")
    to = person.email if person else parts.settings.qa_inbox
    ident = message_id(row.key, row.recipient, parts.settings)
    body = build(row, person, parts.who_hears, parts.settings).as_bytes()
    if row.locked is not None:
        # Made anew, and the same, at each try: kept, it would be a link that anybody with the database could open.
        return to, ident, body
    outbox.keep_bytes(parts.engine, row.id, ident, to, body)
    return to, ident, body
