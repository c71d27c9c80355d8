"""Queries of the command line."""

from typing import Any

from sqlalchemy import Engine, delete, select, update

from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction


def set_passwords(engine: Engine, ending: str, password_hash: str) -> None:
    """Set the password of everybody whose email address ends with `ending`; their sessions end."""
    chosen = tables.people.c.email.endswith(ending, autoescape=True)
    with write_transaction(engine) as connection:
        connection.execute(update(tables.people).where(chosen).values(password_hash=password_hash))
        connection.execute(delete(tables.sessions).where(tables.sessions.c.person_id.in_(select(tables.people.c.id).where(chosen))))


def fetch_references(engine: Engine) -> list[str]:
    with read_transaction(engine) as connection:
        return list(connection.execute(select(tables.audits.c.reference).order_by(tables.audits.c.id)).scalars())


def fetch_version(engine: Engine, reference: str) -> Any:
    """Return a row that differs after each change of the audit through the service, or None."""
    wanted = select(tables.audits.c.version, tables.audits.c.history_head).where(tables.audits.c.reference == reference)
    with read_transaction(engine) as connection:
        return connection.execute(wanted).first()


def fetch_password_access(engine: Engine, person_id: int) -> tuple[bool, bool]:
    """Return whether passwords were turned off for the person, and whether they have a council account."""
    with read_transaction(engine) as connection:
        switch = connection.execute(select(tables.accounts.c.passwords_off).where(tables.accounts.c.person_id == person_id)).scalar()
        identity = connection.execute(select(tables.identities.c.id).where(tables.identities.c.person_id == person_id)).first()
    return bool(switch), identity is not None
