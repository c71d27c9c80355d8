"""Sessions and passwords as SQL."""

from typing import Any

from sqlalchemy import Engine, delete, insert, select, update

from workflow.storage import tables
from workflow.storage.engine import reading, writing


def read_session(engine: Engine, digest: str) -> Any:
    with reading(engine) as connection:
        return connection.execute(select(tables.sessions).where(tables.sessions.c.digest == digest)).first()


def write_session(engine: Engine, values: dict[str, Any], *, is_new: bool) -> None:
    """`values` are those of a row of sessions. One that was ended meanwhile stays ended."""
    own = tables.sessions.c.digest == values["digest"]
    with writing(engine) as connection:
        connection.execute(insert(tables.sessions).values(values) if is_new else update(tables.sessions).where(own).values(values))


def end_session(engine: Engine, digest: str) -> None:
    with writing(engine) as connection:
        connection.execute(delete(tables.sessions).where(tables.sessions.c.digest == digest))


def password_hash_of(engine: Engine, person_id: int) -> str | None:
    with reading(engine) as connection:
        return connection.execute(select(tables.people.c.password_hash).where(tables.people.c.id == person_id)).scalar()


def set_passwords(engine: Engine, ending: str, password_hash: str) -> None:
    """For everybody whose address ends so. Whoever is signed in among them is signed out."""
    chosen = tables.people.c.email.endswith(ending, autoescape=True)
    with writing(engine) as connection:
        connection.execute(update(tables.people).where(chosen).values(password_hash=password_hash))
        connection.execute(delete(tables.sessions).where(tables.sessions.c.person_id.in_(select(tables.people.c.id).where(chosen))))


def every_reference_in(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(tables.audits.c.reference).order_by(tables.audits.c.id)).scalars())
