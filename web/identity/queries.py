"""Browser sessions, enrolment codes and used proofs as SQL."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, bindparam, delete, exists, insert, select, update

from workflow.storage import tables
from workflow.storage.audit_writer import insert_once_statement
from workflow.storage.engine import read_statement, write_transaction

# Run at each request: building a statement costs more than running it, so each is built once.
HAS_UNSAVED = exists().where(tables.unsaved_forms.c.person_id == tables.sessions.c.person_id).label("has_unsaved")
SESSION = select(tables.sessions, HAS_UNSAVED).where(tables.sessions.c.digest == bindparam("the_digest"))
UPDATE = (
    update(tables.sessions)
    .where(tables.sessions.c.digest == bindparam("the_digest"))
    .values(content=bindparam("content"), signature=bindparam("signature"), seen_at=bindparam("seen_at"))
)

# Longer than anything is accepted that could be used twice.
USED_FOR = timedelta(days=1)


def read_session(engine: Engine, digest: str) -> Any:
    with read_statement(engine) as connection:
        return connection.execute(SESSION, {"the_digest": digest}).first()


def insert_session(engine: Engine, values: dict[str, Any]) -> None:
    with write_transaction(engine) as connection:
        connection.execute(insert(tables.sessions).values(values))


def update_session(engine: Engine, signed: dict[str, Any], seen_at: datetime) -> None:
    """Update a session that still exists: one that was ended meanwhile stays ended. `signed` is its digest, content and signature."""
    values = {"the_digest": signed["digest"], "content": signed["content"], "signature": signed["signature"], "seen_at": seen_at}
    with write_transaction(engine) as connection:
        connection.execute(UPDATE, values)


def delete_session(engine: Engine, digest: str) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.digest == digest))


def delete_sessions_before(engine: Engine, seen_before: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.seen_at < seen_before))


def use_proof(engine: Engine, digest: str, now: datetime) -> bool:
    """Return True the first time, and False ever after, even under concurrent requests."""
    used = tables.used_proofs
    first = insert_once_statement(engine.dialect.name, used, ("digest",)).values(digest=digest, used_at=now).returning(used.c.digest)
    with write_transaction(engine) as connection:
        connection.execute(delete(used).where(used.c.used_at < now - USED_FOR))
        return connection.execute(first).first() is not None


def has_enrolment_code(engine: Engine, person_id: int, digest: str, made_after: datetime) -> bool:
    codes = tables.enrolment_codes
    with read_statement(engine) as connection:
        query = select(codes.c.person_id).where(codes.c.person_id == person_id, codes.c.digest == digest, codes.c.made_at > made_after)
        return connection.execute(query).first() is not None


def use_enrolment_code(engine: Engine, person_id: int, digest: str) -> bool:
    """Return whether it was there: of several requests at the same moment only one uses it."""
    codes = tables.enrolment_codes
    with write_transaction(engine) as connection:
        return connection.execute(delete(codes).where(codes.c.person_id == person_id, codes.c.digest == digest)).rowcount == 1
