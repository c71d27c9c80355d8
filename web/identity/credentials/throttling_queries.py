"""Who has been trying, from where; and from where people have signed in. Only keyed digests are stored."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Engine, case, delete, select, update

from web.identity.credentials.throttling import Limit
from workflow.storage.audit_writer import once_statement, upsert
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import failures, places

FORGOTTEN_AFTER = timedelta(days=1)


def take_try(engine: Engine, limits: Mapping[str, Limit], now: datetime) -> int:
    """Count a try before it is made, so that many at once are no way round; or answer how many seconds it has to wait."""
    keys = sorted(limits)
    with write_transaction(engine) as connection:
        connection.execute(delete(failures).where(failures.c.last_at < now - FORGOTTEN_AFTER))
        new = [{"key": key, "tries": 0, "last_at": now} for key in keys]
        connection.execute(once_statement(connection.dialect.name, failures, ("key",)), new)
        rows = connection.execute(select(failures).where(failures.c.key.in_(keys)).order_by(failures.c.key).with_for_update()).all()
        wait = max(limits[row.key].wait(row.tries, row.last_at, now) for row in rows)
        if not wait:
            connection.execute(update(failures).where(failures.c.key.in_(keys)).values(tries=failures.c.tries + 1, last_at=now))
    return wait


def succeeded(engine: Engine, forgotten: list[str], taken_back: list[str], at: tuple[int, str], now: datetime) -> None:
    """Forget the failures of the person, take back this one try of the address that others share, and know the place."""
    less = case((failures.c.tries > 0, failures.c.tries - 1), else_=0)
    with write_transaction(engine) as connection:
        connection.execute(delete(failures).where(failures.c.key.in_(forgotten)))
        connection.execute(update(failures).where(failures.c.key.in_(taken_back)).values(tries=less))
        upsert(connection, places, ("person_id", "place"), [{"person_id": at[0], "place": at[1], "last_at": now}])


def is_known(engine: Engine, person_id: int, place: str) -> bool:
    with read_transaction(engine) as connection:
        return connection.execute(select(places).where(places.c.person_id == person_id, places.c.place == place)).first() is not None
