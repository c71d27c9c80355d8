"""The outbox: rows are claimed under a lease, sent and marked. If a worker dies in between, another sends the same bytes again.

One email is sent for one row, or for all the reminders of one person (`EmailRows`).
"""

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, exists, select, update

from notifications.recipients import NotificationRules
from notifications.refusals import record_acceptance
from workflow.events import QA_INBOX, Notice
from workflow.storage import account_emails, audit_writer
from workflow.storage.engine import DatabaseError, write_transaction
from workflow.storage.tables import IS_UNDELIVERED, outbox, ticks

# Short enough that another worker sends the emails of a dead one within a minute.
LEASE = timedelta(seconds=45)
BATCH, PEOPLE_AT_ONCE = 50, 20
# A link to choose a new password expires after this, so its email is not sent later.
LINK_LASTS = timedelta(hours=1)
# With jitter the longest wait stays below 15 minutes, so that nothing waits longer once the mail server is back (rules, invariant 6).
FIRST_WAIT, LONGEST_WAIT, GIVE_UP_AFTER = timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=72)
EmailRows = Sequence[Any]
IS_WAITING = outbox.c.state == "waiting"


def claim(engine: Engine, worker: str, now: datetime, rules: NotificationRules) -> list[EmailRows]:
    """Lease the emails that are due: urgent ones first, then news, then reminders; the oldest first.

    When the lease of a dead worker ends, its emails can be claimed again.
    """
    is_urgent = outbox.c.event.in_(rules.urgent)
    return (
        _claim_single(engine, worker, now, is_urgent)
        or _claim_single(engine, worker, now, ~is_urgent & _is_in_turn(rules))
        or _claim_gathered(engine, worker, now, rules)
    )


def _claim_single(engine: Engine, worker: str, now: datetime, may_go: ColumnElement[bool]) -> list[EmailRows]:
    due = select(outbox.c.id).where(IS_WAITING, outbox.c.next_attempt_at <= now, _is_free(now), may_go)
    due = due.order_by(outbox.c.next_attempt_at, outbox.c.id).limit(BATCH).with_for_update(skip_locked=True, of=outbox)
    with write_transaction(engine) as connection:
        rows = connection.execute(_take(worker, now).where(outbox.c.id.in_(due)).returning(outbox)).all()
    return [(row,) for row in sorted(rows, key=lambda row: row.id)]


def _is_in_turn(rules: NotificationRules) -> ColumnElement[bool]:
    """A person’s emails about one audit are sent in order, one at a time. An email that could not be built does not hold up the next."""
    before = outbox.alias()
    is_behind = exists().where(
        before.c.state == "waiting", before.c.recipient == outbox.c.recipient, before.c.reference == outbox.c.reference,
        before.c.id < outbox.c.id, before.c.event.not_in(rules.gathered), before.c.last_error.is_(None) | before.c.message_id.is_not(None),
    )  # fmt: skip
    return outbox.c.event.not_in(rules.gathered) & ((outbox.c.reference == "") | ~is_behind)


def _claim_gathered(engine: Engine, worker: str, now: datetime, rules: NotificationRules) -> list[EmailRows]:
    """All the reminders of a person that are due, unless another worker has leased some of them."""
    is_gathered = (IS_WAITING, outbox.c.event.in_(rules.gathered))
    leased = outbox.alias()
    is_leased = exists().where(
        leased.c.state == "waiting",
        leased.c.recipient == outbox.c.recipient,
        leased.c.event.in_(rules.gathered),
        leased.c.leased_until > now,
    )
    people = select(outbox.c.recipient).where(*is_gathered, outbox.c.next_attempt_at <= now, ~is_leased).distinct()
    due = select(outbox.c.id).where(
        *is_gathered, outbox.c.send_from <= now, _is_free(now), outbox.c.recipient.in_(people.limit(PEOPLE_AT_ONCE))
    )
    with write_transaction(engine) as connection:
        ids = connection.execute(due.order_by(outbox.c.id).with_for_update(of=outbox)).scalars().all()
        rows = connection.execute(_take(worker, now).where(outbox.c.id.in_(ids)).returning(outbox)).all() if ids else []
    by_person: dict[int, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        by_person.setdefault(row.recipient, []).append(row)
    return list(by_person.values())


def _is_free(now: datetime) -> ColumnElement[bool]:
    return outbox.c.leased_until.is_(None) | (outbox.c.leased_until <= now)


def _take(worker: str, now: datetime) -> Any:
    return update(outbox).values(leased_until=now + LEASE, leased_by=worker, attempts=outbox.c.attempts + 1)


def enqueue_account_email(
    connection: Connection, event: str, key: str, recipient: int, now: datetime, *, locked: bytes | None = None, detail: str | None = None
) -> None:
    """Enqueue an email about a person’s own account: it has no reference and no notice. The same key again changes nothing.

    `detail` is one of our own words, never what somebody typed.
    """
    account_emails.enqueue(connection, event, recipient, now, key=key, locked=locked, detail=detail)


def enqueue_account_event(connection: Connection, event: str, recipient: int, now: datetime) -> None:
    """Tell a person what happened to their account, in the transaction in which it happens. `event` has `of_account` in notifications.toml."""
    enqueue_account_email(connection, event, f"{event}/{recipient}/{now.isoformat()}", recipient, now)


def renew_lease(engine: Engine, rows: EmailRows, now: datetime, message_id: str, sent_to: str, body: bytes | None) -> bool:
    """Just before sending, store the email, so that every try sends the same, and renew the lease. Return False if the lease was lost."""
    with write_transaction(engine) as connection:
        is_ours = _update_ours(connection, rows, leased_until=now + LEASE, message_id=message_id, sent_to=sent_to) == len(rows)
        if is_ours and body is not None:
            _update_ours(connection, rows[:1], body=body)
    return is_ours


def extend_lease(engine: Engine, rows: EmailRows, now: datetime) -> None:
    """While the email is under way. A lease that was lost stays lost."""
    with write_transaction(engine) as connection:
        _update_ours(connection, rows, leased_until=now + LEASE)


def mark_sent(engine: Engine, rows: EmailRows, now: datetime) -> None:
    """Mark it, even if another worker has leased it since. Retry over a new connection: an email that is not marked is sent again."""
    try:
        _mark_sent(engine, rows, now)
    except DatabaseError:
        _mark_sent(engine, rows, now)


def _mark_sent(engine: Engine, rows: EmailRows, now: datetime) -> None:
    gone = update(outbox).where(outbox.c.id.in_([row.id for row in rows]))
    with write_transaction(engine) as connection:
        connection.execute(gone.values(state="sent", sent_at=now, leased_until=None, last_error=None, locked=None))
        record_acceptance(connection)


def mark_cancelled(engine: Engine, rows: EmailRows) -> None:
    with write_transaction(engine) as connection:
        _update_ours(connection, rows, state="cancelled", leased_until=None, locked=None)


def pass_on(engine: Engine, row: Any, notices: Sequence[Notice], now: datetime) -> None:
    """Cancel an email that its recipient may no longer have, and notify these people instead, in one commit."""
    with write_transaction(engine) as connection:
        if _update_ours(connection, [row], state="cancelled", leased_until=None, locked=None):
            audit_writer.enqueue_notices(connection, notices, now)


def mark_failed(engine: Engine, rows: EmailRows, reason: str, now: datetime) -> None:
    """Try again, after longer and longer waits, for three days; then leave it to the QA Service."""
    if given_up := [row for row in rows if now - row.send_from >= GIVE_UP_AFTER]:
        mark_dead(engine, given_up, reason, now)
    if again := [row for row in rows if row not in given_up]:
        attempts = min(max(row.attempts for row in again), 10)
        wait = min(FIRST_WAIT * 2**attempts, LONGEST_WAIT) * random.uniform(0.75, 1.25)  # noqa: S311 (jitter)
        with write_transaction(engine) as connection:
            _update_ours(connection, again, next_attempt_at=now + wait, leased_until=None, last_error=reason[:200])


def release(engine: Engine, emails: Collection[EmailRows], *, to_others: bool = False) -> None:
    """Give up the lease of emails that were not tried. With `to_others`, call another worker: this one is stopping."""
    if untried := [row for rows in emails for row in rows]:
        with write_transaction(engine) as connection:
            _update_ours(connection, untried, leased_until=None, attempts=outbox.c.attempts - 1)
            if to_others:
                audit_writer.call_worker(connection)


def mark_dead(engine: Engine, rows: EmailRows, reason: str, now: datetime) -> None:
    """Notify the QA Service, in the service itself: that works without email."""
    row = rows[0]
    about = (row.reference, row.action, row.due_on) if len(rows) == 1 else ("",)
    notice = Notice(f"undelivered/{row.id}/{row.send_from:%Y%m%dT%H%M%S}", "mail_undelivered", QA_INBOX, *about)
    with write_transaction(engine) as connection:
        if _update_ours(connection, rows, state="dead", leased_until=None, last_error=reason[:200], locked=None):
            audit_writer.add_notices(connection, (notice,), now)


def heartbeat(engine: Engine, worker: str, now: datetime) -> None:
    with write_transaction(engine) as connection:
        audit_writer.upsert(connection, ticks, ("worker",), [{"worker": worker, "at": now}])


def resend(connection: Connection, row_id: int, now: datetime) -> bool:
    """Send an undelivered email again, newly built and to the address that the directory has then. Return False if somebody has dealt with it already."""
    new = dict.fromkeys(("last_error", "message_id", "sent_to", "body"))
    return _update_undelivered(connection, row_id, state="waiting", attempts=0, send_from=now, next_attempt_at=now, **new)


def settle(connection: Connection, row_id: int, person_id: int, now: datetime) -> bool:
    """Record that a person was told another way. Return False if somebody has dealt with it already."""
    return _update_undelivered(connection, row_id, settled_at=now, settled_by=person_id)


def _update_undelivered(connection: Connection, row_id: int, **values: object) -> bool:
    return connection.execute(update(outbox).where(IS_UNDELIVERED, outbox.c.id == row_id).values(**values)).rowcount == 1


def _update_ours(connection: Connection, rows: EmailRows, **values: object) -> int:
    """Update the rows that this worker still has leased. Return how many."""
    ours = (outbox.c.id.in_([row.id for row in rows]), outbox.c.leased_by == rows[0].leased_by, IS_WAITING)
    return connection.execute(update(outbox).where(*ours).values(**values)).rowcount
