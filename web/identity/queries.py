"""Browser sessions as SQL."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, delete, insert, select, update

from workflow.storage import tables
from workflow.storage.engine import read_statement, write_transaction

# Run at each request: building a statement costs more than running it, so each is built once.
SESSION = select(tables.sessions).where(tables.sessions.c.digest == bindparam("the_digest"))
UPDATE = (
    update(tables.sessions)
    .where(tables.sessions.c.digest == bindparam("the_digest"))
    .values(content=bindparam("content"), seen_at=bindparam("seen_at"))
)


def read_session(engine: Engine, digest: str) -> Any:
    with read_statement(engine) as connection:
        return connection.execute(SESSION, {"the_digest": digest}).first()


def insert_session(engine: Engine, values: dict[str, Any]) -> None:
    with write_transaction(engine) as connection:
        connection.execute(insert(tables.sessions).values(values))


def update_session(engine: Engine, digest: str, content: dict[str, Any], seen_at: datetime) -> None:
    """Update a session that still exists: one that was ended meanwhile stays ended."""
    with write_transaction(engine) as connection:
        connection.execute(UPDATE, {"the_digest": digest, "content": content, "seen_at": seen_at})


def delete_session(engine: Engine, digest: str) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.digest == digest))


def delete_sessions_before(engine: Engine, seen_before: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.seen_at < seen_before))
