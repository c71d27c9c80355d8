"""Notices, newest first; and undelivered emails: those that failed, and those still being tried."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, or_

from notifications.recipients import NotificationRules
from notifications.rights import may_be_told, may_see_undelivered, with_audits
from workflow.events import QA_INBOX
from workflow.storage.keyset import Page, fetch_page
from workflow.storage.tables import IS_UNDELIVERED, notices, outbox
from workflow.storage.visibility import VisibilityFilter

SIZE = 50
SOON = timedelta(minutes=5)
COLUMNS = [
    outbox.c[name]
    for name in (
        "id", "event", "recipient", "reference", "action", "due_on", "created_at", "attempts", "next_attempt_at", "last_error",
    )
]  # fmt: skip


def fetch_notices(connection: Connection, reader: VisibilityFilter, rules: NotificationRules, cursor: str | None = None) -> Page:
    """Return a page of the notices of which the reader may be told at this moment."""
    person = reader.person
    recipients = [person.id, QA_INBOX] if "qa" in person.roles else [person.id]
    query = with_audits(notices, notices).where(notices.c.recipient.in_(recipients), may_be_told(reader, notices, rules))
    return fetch_page(connection, query, (notices.c.id,), cursor, SIZE)


def fetch_failed(connection: Connection, reader: VisibilityFilter, rules: NotificationRules, cursor: str | None = None) -> Page:
    """Return a page of failed emails about audits this person may know of, by ix_outbox_undelivered."""
    query = _visible_to(reader, rules, *COLUMNS).where(IS_UNDELIVERED)
    return fetch_page(connection, query, (outbox.c.id,), cursor, SIZE)


def fetch_retrying(connection: Connection, reader: VisibilityFilter, rules: NotificationRules, now: datetime) -> Sequence[Any]:
    """Return waiting emails that had a temporary failure, or have waited longer than `SOON`."""
    is_late = or_(outbox.c.last_error.is_not(None), outbox.c.send_from <= now - SOON)
    query = _visible_to(reader, rules, *COLUMNS).where(outbox.c.state == "waiting", is_late)
    return connection.execute(query.order_by(outbox.c.send_from, outbox.c.id).limit(SIZE)).all()


def count_failed(connection: Connection, reader: VisibilityFilter, rules: NotificationRules) -> int:
    return int(connection.execute(_visible_to(reader, rules, func.count()).where(IS_UNDELIVERED)).scalar_one())


def _visible_to(reader: VisibilityFilter, rules: NotificationRules, *columns: Any) -> Select[Any]:
    return with_audits(outbox, *columns).where(may_see_undelivered(reader, rules))
