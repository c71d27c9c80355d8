"""Access tokens as SQL. A token itself is nowhere: only its digest is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import calendars, tokens

MOST_LISTED = 100
# Asked at each request of a program: building a statement costs more than running it, so it is built once.
TOKEN = select(tokens).where(tokens.c.digest == bindparam("the_digest"))


def keep_token(engine: Engine, **values: object) -> None:
    with write_transaction(engine) as connection:
        connection.execute(insert(tokens).values(values))


def token_with(engine: Engine, digest: str) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(TOKEN, {"the_digest": digest}).first()


def note_use(engine: Engine, digest: str, at: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(update(tokens).where(tokens.c.digest == digest).values(used_at=at))


def tokens_of(engine: Engine, person_id: int) -> Sequence[Any]:
    """The newest first."""
    query = select(tokens).where(tokens.c.person_id == person_id).order_by(tokens.c.id.desc()).limit(MOST_LISTED)
    with read_transaction(engine) as connection:
        return connection.execute(query).all()


def end_token(engine: Engine, token_id: int, at: datetime, person_id: int | None = None) -> bool:
    """Whether there is such a token, of this person where one is given. The first time it was revoked stands."""
    chosen = tokens.c.id == token_id if person_id is None else (tokens.c.id == token_id) & (tokens.c.person_id == person_id)
    with write_transaction(engine) as connection:
        connection.execute(update(tokens).where(chosen, tokens.c.revoked_at.is_(None)).values(revoked_at=at))
        return connection.execute(select(tokens.c.id).where(chosen)).first() is not None


def end_tokens_of(connection: Connection, person_id: int, at: datetime) -> None:
    """All of them at once, and the address of their calendar, as when somebody may have been in their place."""
    connection.execute(delete(calendars).where(calendars.c.person_id == person_id))
    connection.execute(update(tokens).where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at))
