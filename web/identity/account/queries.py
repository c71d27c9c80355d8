"""What else can use a person’s account, as SQL: sessions in other browsers, access tokens and the calendar address."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, func, select

from web.identity.credentials.queries import revoke_tokens_of
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import calendars, sessions


def active_sessions_of(engine: Engine, person_id: int, seen_after: datetime, begun_after: datetime) -> Sequence[Any]:
    """Return sessions that have not ended, the most recently used first."""
    active = (sessions.c.person_id == person_id, sessions.c.seen_at >= seen_after, sessions.c.created_at >= begun_after)
    with read_transaction(engine) as connection:
        return connection.execute(select(sessions).where(*active).order_by(sessions.c.seen_at.desc())).all()


def calendar_of(engine: Engine, person_id: int) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(select(calendars).where(calendars.c.person_id == person_id)).first()


def end_session(engine: Engine, person_id: int, but: str, prefix: str) -> int:
    """End the session whose digest starts with `prefix`, unless it is `but`; return how many ended."""
    chosen = (sessions.c.person_id == person_id, sessions.c.digest != but, func.substr(sessions.c.digest, 1, len(prefix)) == prefix)
    with write_transaction(engine) as connection:
        return connection.execute(delete(sessions).where(*chosen)).rowcount


def end_other_access(engine: Engine, person_id: int, but: str, keeps: Collection[str], now: datetime) -> int:
    """End all sessions except the one with digest `but`, and what `revoke_tokens_of` ends; return how many sessions."""
    with write_transaction(engine) as connection:
        revoke_tokens_of(connection, person_id, now, keeps)
        return connection.execute(delete(sessions).where(sessions.c.person_id == person_id, sessions.c.digest != but)).rowcount
