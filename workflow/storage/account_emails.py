"""Emails about a person’s own account, enqueued in the transaction in which the thing happens: they have no reference and no notice."""

from datetime import datetime

from sqlalchemy import Connection

from workflow.storage import audit_writer
from workflow.storage.tables import outbox


def enqueue(connection: Connection, event: str, recipient: int, at: datetime, *, key: str = "", **more: object) -> None:
    """The same key again changes nothing. `event` has `of_account` in notifications.toml; `more` are columns of the outbox."""
    values = {"key": key or f"{event}/{recipient}/{at.isoformat()}", "recipient": recipient, "event": event, "reference": ""}
    once = audit_writer.insert_once_statement(connection.dialect.name, outbox, ("key", "recipient"))
    connection.execute(once, values | audit_writer.new_outbox_values(at, at) | more)
    audit_writer.call_worker(connection)
