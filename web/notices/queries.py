"""Notices, newest first; and undelivered emails: those that failed, and those still being tried."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select

from notifications.outbox import visible_to
from workflow.events import QA_INBOX
from workflow.storage.keyset import Page, fetch_page
from workflow.storage.tables import IS_UNDELIVERED, audits, notices, outbox
from workflow.storage.visibility import VisibilityFilter

SIZE = 50
SOON = timedelta(minutes=5)
COLUMNS = [
    outbox.c[name]
    for name in (
        "id", "event", "recipient", "reference", "action", "due_on", "created_at", "attempts", "next_attempt_at", "last_error",
    )
]  # fmt: skip


def fetch_notices(connection: Connection, reader: VisibilityFilter, cursor: str | None = None) -> Page:
    """Return a page of notices, without those about a child after the reader has declared a connection to them."""
    person = reader.person
    recipients = [person.id, QA_INBOX] if "qa" in person.roles else [person.id]
    query = select(notices).where(notices.c.recipient.in_(recipients))
    if person.id in reader.directory.connections:
        query = query.where(notices.c.reference.not_in(select(audits.c.reference).where(audits.c.id.in_(reader.connected()))))
    return fetch_page(connection, query, (notices.c.id,), cursor, SIZE)


def fetch_failed(connection: Connection, reader: VisibilityFilter, cursor: str | None = None) -> Page:
    """Return a page of failed emails about audits this person may know of, by ix_outbox_undelivered."""
    query = visible_to(reader, *COLUMNS).where(IS_UNDELIVERED)
    return fetch_page(connection, query, (outbox.c.id,), cursor, SIZE)


def fetch_retrying(connection: Connection, reader: VisibilityFilter, now: datetime) -> Sequence[Any]:
    """Return waiting emails that had a temporary failure, or have waited longer than `SOON`."""
    is_late = or_(outbox.c.last_error.is_not(None), outbox.c.send_from <= now - SOON)
    query = visible_to(reader, *COLUMNS).where(outbox.c.state == "waiting", is_late)
    return connection.execute(query.order_by(outbox.c.send_from, outbox.c.id).limit(SIZE)).all()


def count_failed(connection: Connection, reader: VisibilityFilter) -> int:
    return int(connection.execute(visible_to(reader, func.count()).where(IS_UNDELIVERED)).scalar_one())
