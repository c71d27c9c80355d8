"""Council accounts as SQL."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, select, update

from notifications.outbox import enqueue_account_event
from web.identity.credentials.queries import revoke_tokens_of
from workflow.storage import tables
from workflow.storage.bulk_statements import INSERTS
from workflow.storage.engine import read_transaction, write_transaction

IDENTITIES = tables.identities


def use_identity(engine: Engine, issuer: str, subject: str, now: datetime) -> int | None:
    """Return the person whose account it is, or None."""
    used = update(IDENTITIES).where(IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject).values(last_used_at=now)
    with write_transaction(engine) as connection:
        return connection.execute(used.returning(IDENTITIES.c.person_id)).scalar()


def link_identity(engine: Engine, issuer: str, subject: str, person_id: int, now: datetime) -> bool:
    """Return False and change nothing where the account is linked already or the person has another account of this issuer."""
    values = {"issuer": issuer, "subject": subject, "person_id": person_id, "linked_at": now, "last_used_at": now}
    linked = INSERTS[engine.dialect.name](IDENTITIES).values(values).on_conflict_do_nothing()
    with write_transaction(engine) as connection:
        is_linked = connection.execute(linked.returning(IDENTITIES.c.id)).scalar() is not None
        if is_linked:
            enqueue_account_event(connection, "council_account_linked", person_id, now)
    return is_linked


def list_identities(engine: Engine) -> list[Any]:
    columns = (tables.people.c.email, IDENTITIES.c.issuer, IDENTITIES.c.subject, IDENTITIES.c.linked_at, IDENTITIES.c.last_used_at)
    with read_transaction(engine) as connection:
        return list(connection.execute(select(*columns).join_from(IDENTITIES, tables.people).order_by(tables.people.c.email)))


def unlink_identities(engine: Engine, person_id: int, *, is_told: bool = True, keeps: Collection[str] = ()) -> int:
    """Return how many there were. Where there was one, every session of the person ends, and what `revoke_tokens_of` ends."""
    now = datetime.now(UTC)
    with write_transaction(engine) as connection:
        removed = delete(IDENTITIES).where(IDENTITIES.c.person_id == person_id).returning(IDENTITIES.c.id)
        number = len(connection.execute(removed).all())
        if number:
            connection.execute(delete(tables.sessions).where(tables.sessions.c.person_id == person_id))
            revoke_tokens_of(connection, person_id, now, keeps)
        if number and is_told:
            enqueue_account_event(connection, "council_account_unlinked", person_id, now)
    return number
