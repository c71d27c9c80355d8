"""Failed attempts to sign in, and where people have signed in from, as SQL: only keyed digests are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, select, update

from notifications.outbox import enqueue_account_email
from web.identity.throttling.limits import FORGOTTEN_AFTER, Count, LoginAttempt, tries_in, with_one_more, without
from workflow.storage.audit_writer import insert_once_statement, upsert
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import failures, places
from workflow.working_days import london_day

# A place that somebody has not signed in from for so long is new again.
PLACE_LASTS = timedelta(days=400)
NEW_PLACE = "signed_in_from_new_place"
IS_THIS = failures.c.key == bindparam("the_key")
ONE_MORE = update(failures).where(IS_THIS).values(tries=failures.c.tries + 1, last_at=bindparam("seen"), slots=bindparam("counted"))
REDUCED = update(failures).where(IS_THIS).values(tries=bindparam("left"), slots=bindparam("counted"))


@dataclass(frozen=True, slots=True)
class SignIn:
    """By a person, from a place; whole, or with only the first of two proofs."""

    person_id: int
    place: str
    browser: str
    is_whole: bool


def count_attempt(engine: Engine, counts: Sequence[Count], now: datetime) -> int:
    """Count an attempt before it is made, so that concurrent attempts are limited too; or return the seconds that it has to wait."""
    keys = sorted({count.key for count in counts})
    with write_transaction(engine) as connection:
        connection.execute(delete(failures).where(failures.c.last_at < now - FORGOTTEN_AFTER))
        new = [{"key": key, "tries": 0, "last_at": now} for key in keys]
        connection.execute(insert_once_statement(connection.dialect.name, failures, ("key",)), new)
        rows = _locked(connection, keys)
        wait = max(_wait(count, rows[count.key], now) for count in counts)
        if not wait:
            slots = _slots(counts)
            counted = {key: with_one_more(rows[key].slots, slots.get(key, ""), now) for key in keys}
            connection.execute(ONE_MORE, [{"the_key": key, "seen": now, "counted": counted[key]} for key in keys])
    return wait


def forget_attempts(engine: Engine, attempts: Sequence[LoginAttempt], *, is_known: bool) -> None:
    with write_transaction(engine) as connection:
        _forget(connection, attempts, is_known=is_known)


def complete_sign_in(engine: Engine, done: SignIn, attempts: Sequence[LoginAttempt], now: datetime) -> None:
    """Where all proofs were given, forget the person’s failures, and remember the place. Tell them of a new place, but of their first one."""
    is_own = places.c.person_id == done.person_id
    with write_transaction(engine) as connection:
        known = connection.execute(select(places.c.place).where(is_own, places.c.is_whole)).scalars().all()
        if done.is_whole:
            _forget(connection, attempts, is_known=done.place in known)
            connection.execute(delete(places).where(is_own, places.c.last_at < now - PLACE_LASTS))
            values = {"person_id": done.person_id, "place": done.place, "last_at": now, "is_whole": True}
            upsert(connection, places, ("person_id", "place"), [values])
        if known and done.place not in known:
            key = f"{NEW_PLACE}/{done.person_id}/{done.place[:32]}/{london_day(now)}"
            enqueue_account_email(connection, NEW_PLACE, key, done.person_id, now, detail=done.browser)


def is_known_place(engine: Engine, person_id: int, place: str) -> bool:
    found = select(places.c.place).where(places.c.person_id == person_id, places.c.place == place, places.c.is_whole)
    with read_transaction(engine) as connection:
        return connection.execute(found).first() is not None


def _wait(count: Count, row: Any, now: datetime) -> int:
    tries, last_at = tries_in(row.slots, count.slot) if count.slot else (row.tries, row.last_at)
    return count.limit.wait(tries, last_at, now)


def _forget(connection: Connection, attempts: Sequence[LoginAttempt], *, is_known: bool) -> None:
    """Failures from elsewhere stay counted when the person signs in from a known place.

    From the counts of a network, which others share, this attempt alone is subtracted.
    """
    counts = [count for attempt in attempts for count in attempt.counts(is_known=is_known)]
    slots = _slots(counts)
    rows = _locked(connection, [count.key for count in counts])
    connection.execute(delete(failures).where(failures.c.key.in_([key for key in rows if key not in slots])))
    if less := [
        {"the_key": key, "left": max(0, rows[key].tries - 1), "counted": without(rows[key].slots, slot)}
        for key, slot in slots.items()
        if key in rows
    ]:
        connection.execute(REDUCED, less)


def _slots(counts: Sequence[Count]) -> dict[str, str]:
    """The slot of each row that has slots."""
    return {count.key: count.slot for count in counts if count.slot}


def _locked(connection: Connection, keys: Sequence[str]) -> dict[str, Any]:
    """The rows in the order of their keys, so that two requests can’t deadlock."""
    query = select(failures).where(failures.c.key.in_(keys)).order_by(failures.c.key).with_for_update()
    return {row.key: row for row in connection.execute(query)}
