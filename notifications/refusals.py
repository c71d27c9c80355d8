"""Since when every email is refused: the mail server is down, misconfigured, or does not accept us. Not one person’s mailbox alone."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, literal_column, select

from workflow.storage import audit_writer
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import IS_UNDELIVERED, outbox, ticks

REFUSED, REFUSED_FOR = "refused", timedelta(minutes=15)
# Longer than an email waits for its next try.
RECENTLY, SOME = timedelta(minutes=15), 100
ABOUT_AN_ADDRESS = ("the address was refused", "GOV.UK Notify refused the address")
IS_WAITING = outbox.c.state == literal_column("'waiting'")


def record_refusal(engine: Engine, now: datetime) -> None:
    """Only the first since an email was accepted changes anything."""
    with write_transaction(engine) as connection:
        first = audit_writer.insert_once_statement(connection.dialect.name, ticks, ("worker",))
        connection.execute(first, {"worker": REFUSED, "at": now})


def record_acceptance(connection: Connection) -> None:
    connection.execute(delete(ticks).where(ticks.c.worker == REFUSED))


def refused_since(engine: Engine, now: datetime) -> datetime | None:
    """Since when every email was refused, where that is 15 minutes or more."""
    tick = select(ticks.c.at).where(ticks.c.worker == REFUSED, ticks.c.at <= now - REFUSED_FOR)
    with read_transaction(engine) as connection:
        since: datetime | None = connection.execute(tick).scalar()
        if since is None:
            return None
        tried = (outbox.c.message_id.is_not(None), outbox.c.last_error.is_not(None), outbox.c.next_attempt_at >= since - RECENTLY)
        held_up = [
            row
            for which in (IS_WAITING, IS_UNDELIVERED)
            for row in connection.execute(select(outbox.c.recipient, outbox.c.last_error).where(which, *tried).distinct().limit(SOME))
        ]
    is_one_mailbox = len({row.recipient for row in held_up}) == 1 and all(row.last_error.startswith(ABOUT_AN_ADDRESS) for row in held_up)
    return since if held_up and not is_one_mailbox else None
