"""Failed tries to sign in, and from where somebody has signed in before, as SQL."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, update

from workflow.storage.engine import reading, writing
from workflow.storage.saving import upsert
from workflow.storage.tables import known_places, sign_in_failures

Count = Any
"""A row of `key`, `failures` and `last_at`."""


def begin_try(
    engine: Engine, keys: tuple[str, ...], now: datetime, forgotten_before: datetime, waits: Callable[[list[Count]], timedelta]
) -> timedelta:
    """In one transaction: what is still to be waited for, or nothing and one failure more under each key."""
    held = select(sign_in_failures).where(sign_in_failures.c.key.in_(keys)).with_for_update()
    with writing(engine) as connection:
        counts = connection.execute(held).all()
        if (wait := waits(list(counts))) > timedelta(0):
            return wait
        before = {row.key: row.failures for row in counts if row.last_at > forgotten_before}
        upsert(connection, sign_in_failures, ("key",), [{"key": key, "failures": before.get(key, 0) + 1, "last_at": now} for key in keys])
        connection.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at <= forgotten_before))
    return timedelta(0)


def forget_try(engine: Engine, whole: str, one_less: tuple[str, ...]) -> None:
    less = update(sign_in_failures).where(sign_in_failures.c.key.in_(one_less), sign_in_failures.c.failures > 0)
    with writing(engine) as connection:
        connection.execute(delete(sign_in_failures).where(sign_in_failures.c.key == whole))
        connection.execute(less.values(failures=sign_in_failures.c.failures - 1))


def is_known_place(engine: Engine, person_id: int, place: str) -> bool:
    known = select(known_places.c.at).where(known_places.c.person_id == person_id, known_places.c.place == place)
    with reading(engine) as connection:
        return connection.execute(known).first() is not None


def keep_place(engine: Engine, person_id: int, place: str, at: datetime) -> None:
    with writing(engine) as connection:
        upsert(connection, known_places, ("person_id", "place"), [{"person_id": person_id, "place": place, "at": at}])
