"""One’s own notices, newest first; for the QA Service those of the QA inbox too."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from web.audit_list.queries import parse_cursor
from workflow.storage.audit_writer import QA_INBOX_ID
from workflow.storage.tables import audits, notices
from workflow.storage.visibility import VisibilityFilter

SIZE = 50


def page_of_notices(connection: Connection, reader: VisibilityFilter, cursor: str | None = None) -> tuple[Sequence[Any], str | None]:
    """Without those about a child to whom the reader has declared a connection since."""
    person = reader.person
    recipients = [person.id, QA_INBOX_ID] if "qa" in person.roles else [person.id]
    query = select(notices).where(notices.c.recipient.in_(recipients))
    if person.id in reader.directory.connections:
        query = query.where(notices.c.reference.not_in(select(audits.c.reference).where(audits.c.id.in_(reader.connected()))))
    if cursor:
        query = query.where(notices.c.id < parse_cursor(cursor))
    rows = connection.execute(query.order_by(notices.c.id.desc()).limit(SIZE + 1)).all()
    return rows[:SIZE], str(rows[SIZE - 1].id) if len(rows) > SIZE else None
