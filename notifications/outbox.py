"""The outbox: claimed under a lease, sent, marked. Whoever dies in between, somebody else sends the same bytes again.

A letter is the rows that one mail tells of: one row, or the reminders that somebody is sent together.
"""

import random
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, exists, or_, select, update

from notifications.recipients import NotificationRules
from workflow.events import QA_INBOX, Notice
from workflow.storage import audit_writer
from workflow.storage.engine import DatabaseError, write_transaction
from workflow.storage.tables import IS_UNDELIVERED, audits, outbox, ticks
from workflow.storage.visibility import VisibilityFilter

# Ended, and found to be so by the next look, within the minute: what a dead worker held is sent by another by then.
LEASE = timedelta(seconds=45)
BATCH, PEOPLE_AT_ONCE = 50, 20
# A link to choose a new password is worth nothing after this, so its mail is not sent later either.
LINK_LASTS = timedelta(hours=1)
# With its jitter the longest wait stays under a quarter of an hour: once mail is up again, nothing waits longer (rules, invariant 6).
FIRST_WAIT, LONGEST_WAIT, GIVE_UP_AFTER = timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=72)
EmailRows = Sequence[Any]
IS_WAITING = outbox.c.state == "waiting"


def claim(engine: Engine, worker: str, now: datetime, rules: NotificationRules) -> list[EmailRows]:
    """Take what is due for as long as a lease, oldest first; what a dead worker held comes back when its lease ends.

    What is urgent before everything, reminders when all else is gone.
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
    """Of one audit somebody’s mails go in their order, one after the other. What could not even be built is out of the way."""
    before = outbox.alias()
    is_behind = exists().where(
        before.c.state == "waiting", before.c.recipient == outbox.c.recipient, before.c.reference == outbox.c.reference,
        before.c.id < outbox.c.id, before.c.event.not_in(rules.gathered), before.c.last_error.is_(None) | before.c.message_id.is_not(None),
    )  # fmt: skip
    return outbox.c.event.not_in(rules.gathered) & ((outbox.c.reference == "") | ~is_behind)


def _claim_gathered(engine: Engine, worker: str, now: datetime, rules: NotificationRules) -> list[EmailRows]:
    """All that somebody is to be reminded of by now, unless another worker has theirs."""
    is_gathered = (IS_WAITING, outbox.c.event.in_(rules.gathered))
    held = outbox.alias()
    is_held = exists().where(
        held.c.state == "waiting", held.c.recipient == outbox.c.recipient, held.c.event.in_(rules.gathered), held.c.leased_until > now
    )
    people = select(outbox.c.recipient).where(*is_gathered, outbox.c.next_attempt_at <= now, ~is_held).distinct()
    due = select(outbox.c.id).where(
        *is_gathered, outbox.c.send_from <= now, _is_free(now), outbox.c.recipient.in_(people.limit(PEOPLE_AT_ONCE))
    )
    with write_transaction(engine) as connection:
        ids = connection.execute(due.order_by(outbox.c.id).with_for_update(of=outbox)).scalars().all()
        rows = connection.execute(_take(worker, now).where(outbox.c.id.in_(ids)).returning(outbox)).all() if ids else []
    letters: dict[int, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row.id):
        letters.setdefault(row.recipient, []).append(row)
    return list(letters.values())


def _is_free(now: datetime) -> ColumnElement[bool]:
    return outbox.c.leased_until.is_(None) | (outbox.c.leased_until <= now)


def _take(worker: str, now: datetime) -> Any:
    return update(outbox).values(leased_until=now + LEASE, leased_by=worker, attempts=outbox.c.attempts + 1)


def enqueue_account_email(connection: Connection, event: str, key: str, recipient: int, now: datetime, locked: bytes | None = None) -> None:
    """A mail about somebody’s own account: no reference, and no notice in the service. The same key again changes nothing."""
    values = {
        "key": key,
        "recipient": recipient,
        "event": event,
        "reference": "",
        "locked": locked,
        **audit_writer.new_outbox_values(now, now),
    }
    connection.execute(audit_writer.insert_once_statement(connection.dialect.name, outbox, ("key", "recipient")), values)
    audit_writer.call_worker(connection)


def renew_lease(engine: Engine, letter: EmailRows, now: datetime, message_id: str, sent_to: str, body: bytes | None) -> bool:
    """Just before it is sent: what it is, so that every attempt sends the same, and the lease anew. False where it is not ours any more."""
    with write_transaction(engine) as connection:
        is_ours = _update_ours(connection, letter, leased_until=now + LEASE, message_id=message_id, sent_to=sent_to) == len(letter)
        if is_ours and body is not None:
            _update_ours(connection, letter[:1], body=body)
    return is_ours


def mark_sent(engine: Engine, letter: EmailRows, now: datetime) -> None:
    """Whoever holds it by now: it has gone. Where the connection is lost, over another: what is not marked goes once more."""
    try:
        _mark_sent(engine, letter, now)
    except DatabaseError:
        _mark_sent(engine, letter, now)


def _mark_sent(engine: Engine, letter: EmailRows, now: datetime) -> None:
    gone = update(outbox).where(outbox.c.id.in_([row.id for row in letter]))
    with write_transaction(engine) as connection:
        connection.execute(gone.values(state="sent", sent_at=now, leased_until=None, last_error=None, locked=None))


def mark_cancelled(engine: Engine, letter: EmailRows) -> None:
    with write_transaction(engine) as connection:
        _update_ours(connection, letter, state="cancelled", leased_until=None, locked=None)


def mark_failed(engine: Engine, letter: EmailRows, reason: str, now: datetime) -> None:
    """Try again later, each time later, for three days; then it is a task for the QA Service."""
    if given_up := [row for row in letter if now - row.send_from >= GIVE_UP_AFTER]:
        mark_dead(engine, given_up, reason, now)
    if again := [row for row in letter if row not in given_up]:
        attempts = min(max(row.attempts for row in again), 10)
        wait = min(FIRST_WAIT * 2**attempts, LONGEST_WAIT) * random.uniform(0.75, 1.25)  # noqa: S311 (jitter)
        with write_transaction(engine) as connection:
            _update_ours(connection, again, next_attempt_at=now + wait, leased_until=None, last_error=reason[:200])


def release(engine: Engine, letters: Collection[EmailRows], *, to_others: bool = False) -> None:
    """Those that were not tried after all. Others are called where it is we who stop."""
    if untried := [row for letter in letters for row in letter]:
        with write_transaction(engine) as connection:
            _update_ours(connection, untried, leased_until=None, attempts=outbox.c.attempts - 1)
            if to_others:
                audit_writer.call_worker(connection)


def mark_dead(engine: Engine, letter: EmailRows, reason: str, now: datetime) -> None:
    """What can’t be delivered is told to the QA Service in the service itself, where no mail can fail."""
    row = letter[0]
    about = (row.reference, row.action, row.due_on) if len(letter) == 1 else ("",)
    notice = Notice(f"undelivered/{row.id}/{row.send_from:%Y%m%dT%H%M%S}", "mail_undelivered", QA_INBOX, *about)
    with write_transaction(engine) as connection:
        if _update_ours(connection, letter, state="dead", leased_until=None, last_error=reason[:200], locked=None):
            audit_writer.add_notices(connection, (notice,), now)


def heartbeat(engine: Engine, worker: str, now: datetime) -> None:
    with write_transaction(engine) as connection:
        audit_writer.upsert(connection, ticks, ("worker",), [{"worker": worker, "at": now}])


def visible_to(reader: VisibilityFilter, *columns: Any) -> Select[Any]:
    """The rows about audits that this person may know of, and those about none."""
    query = select(*columns).select_from(outbox).outerjoin(audits, audits.c.reference == outbox.c.reference)
    return query.where(or_(outbox.c.reference == "", reader.permitted("know")))


def find(connection: Connection, reader: VisibilityFilter, row_id: int) -> Row[Any] | None:
    row: Row[Any] | None = connection.execute(visible_to(reader, outbox.c.event).where(outbox.c.id == row_id)).first()
    return row


def resend(connection: Connection, row_id: int, now: datetime) -> bool:
    """Send an undelivered email again, newly built and to the address that the directory has then. False where it is dealt with already."""
    new = dict.fromkeys(("last_error", "message_id", "sent_to", "body"))
    return _update_undelivered(connection, row_id, state="waiting", attempts=0, send_from=now, next_attempt_at=now, **new)


def settle(connection: Connection, row_id: int, person_id: int, now: datetime) -> bool:
    """Record that a person was told another way. False where it is dealt with already."""
    return _update_undelivered(connection, row_id, settled_at=now, settled_by=person_id)


def _update_undelivered(connection: Connection, row_id: int, **values: object) -> bool:
    return connection.execute(update(outbox).where(IS_UNDELIVERED, outbox.c.id == row_id).values(**values)).rowcount == 1


def _update_ours(connection: Connection, letter: EmailRows, **values: object) -> int:
    """Answers how many rows: none that another worker has taken over since, or has ended."""
    ours = (outbox.c.id.in_([row.id for row in letter]), outbox.c.leased_by == letter[0].leased_by, IS_WAITING)
    return connection.execute(update(outbox).where(*ours).values(**values)).rowcount
