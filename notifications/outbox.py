"""The outbox: claimed under a lease, sent, marked. Whoever dies in between, somebody else sends the same bytes again."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from workflow.events import Notice
from workflow.storage import saving
from workflow.storage.engine import reading, writing
from workflow.storage.tables import actions, audits, outbox, ticks

LEASE = timedelta(minutes=1)
BATCH = 50
# With its jitter the longest wait stays under a quarter of an hour: once mail is up again, nothing waits longer (rules, invariant 6).
FIRST_WAIT, LONGEST_WAIT, GIVE_UP_AFTER = timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=72)
# A link to choose a new password is worth nothing after this, so its mail is not sent later either.
LINK_LASTS = timedelta(hours=1)
REMINDERS_OF_OPEN_ACTIONS = ("action_due_soon", "action_due_today", "action_overdue")


def claim(engine: Engine, worker: str, now: datetime) -> Sequence[Any]:
    """Take what is due for a minute, oldest first; what a dead worker held comes back when its lease ends."""
    is_free = outbox.c.leased_until.is_(None) | (outbox.c.leased_until <= now)
    due = select(outbox.c.id).where(outbox.c.state == "waiting", outbox.c.next_attempt_at <= now, is_free)
    due = due.order_by(outbox.c.next_attempt_at, outbox.c.id).limit(BATCH).with_for_update(skip_locked=True)
    taken = update(outbox).where(outbox.c.id.in_(due)).values(leased_until=now + LEASE, leased_by=worker, attempts=outbox.c.attempts + 1)
    with writing(engine) as connection:
        rows = connection.execute(taken.returning(outbox)).all()
    return sorted(rows, key=lambda row: row.id)


def post_to_person(connection: Connection, event: str, key: str, recipient: int, now: datetime, locked: bytes | None = None) -> None:
    """A mail about somebody’s own account: no reference, and no notice in the service. The same key again changes nothing."""
    values = {"key": key, "recipient": recipient, "event": event, "reference": "", "created_at": now, "locked": locked}
    waiting = {"state": "waiting", "attempts": 0, "next_attempt_at": now}
    connection.execute(saving.once_statement(connection.dialect.name, outbox, ("key", "recipient")), values | waiting)


def keep_bytes(engine: Engine, row_id: int, message_id: str, sent_to: str, body: bytes) -> None:
    """Before the first attempt, so that every attempt sends the same."""
    _mark(engine, row_id, message_id=message_id, sent_to=sent_to, body=body)


def mark_sent(engine: Engine, row_id: int, now: datetime) -> None:
    _mark(engine, row_id, state="sent", sent_at=now, leased_until=None, last_error=None, locked=None)


def mark_cancelled(engine: Engine, row_id: int) -> None:
    _mark(engine, row_id, state="cancelled", leased_until=None, locked=None)


def mark_failed(engine: Engine, row: Any, reason: str, now: datetime) -> None:
    """Try again later, each time later, for three days; then it is a task for the QA Service."""
    if now - row.created_at >= GIVE_UP_AFTER:
        mark_dead(engine, row, reason, now)
        return
    wait = min(FIRST_WAIT * 2 ** min(row.attempts, 10), LONGEST_WAIT) * random.uniform(0.75, 1.25)  # noqa: S311 (jitter)
    _mark(engine, row.id, next_attempt_at=now + wait, leased_until=None, last_error=reason[:200])


def mark_dead(engine: Engine, row: Any, reason: str, now: datetime) -> None:
    """What can’t be delivered is told to the QA Service in the service itself, where no mail can fail."""
    notice = Notice(f"undelivered/{row.id}", "mail_undelivered", None, row.reference, row.action, row.due_on)
    with writing(engine) as connection:
        _update(connection, row.id, state="dead", leased_until=None, last_error=reason[:200], locked=None)
        saving.notice_only(connection, (notice,), now)


def is_still_true(engine: Engine, row: Any, now: datetime) -> bool:
    """A reminder of an action whose completion was reported meanwhile is not sent, nor a link that has run out."""
    if row.locked is not None:
        return bool(now - row.created_at < LINK_LASTS)
    if row.event not in REMINDERS_OF_OPEN_ACTIONS:
        return True
    where = (audits.c.reference == row.reference, actions.c.number == row.action, actions.c.state == "open")
    with reading(engine) as connection:
        return (
            connection.execute(select(actions.c.number).join(audits, audits.c.id == actions.c.audit_id).where(*where)).first() is not None
        )


def child_of(engine: Engine, reference: str) -> str | None:
    with reading(engine) as connection:
        return connection.execute(select(audits.c.child_id).where(audits.c.reference == reference)).scalar()


def beat(engine: Engine, worker: str, now: datetime) -> None:
    with writing(engine) as connection:
        saving.upsert(connection, ticks, ("worker",), [{"worker": worker, "at": now}])


def _mark(engine: Engine, row_id: int, **values: object) -> None:
    with writing(engine) as connection:
        _update(connection, row_id, **values)


def _update(connection: Connection, row_id: int, **values: object) -> None:
    connection.execute(update(outbox).where(outbox.c.id == row_id).values(**values))
