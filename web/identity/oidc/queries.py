"""Council accounts as SQL."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, or_, select, update

from notifications.outbox import enqueue_account_event
from web.identity.credentials.queries import revoke_tokens_of
from workflow.role_assignments import DirectoryEvent
from workflow.storage import tables
from workflow.storage.access_removal import forget_password
from workflow.storage.bulk_statements import INSERTS
from workflow.storage.directory_writer import DirectoryWriter
from workflow.storage.engine import read_statement, read_transaction, write_transaction

IDENTITIES, EXPECTED = tables.identities, tables.expected_accounts


def use_identity(engine: Engine, issuer: str, subject: str, now: datetime) -> int | None:
    """Return the person whose account it is, or None."""
    used = update(IDENTITIES).where(IDENTITIES.c.issuer == issuer, IDENTITIES.c.subject == subject).values(last_used_at=now)
    with write_transaction(engine) as connection:
        return connection.execute(used.returning(IDENTITIES.c.person_id)).scalar()


def link_identity(engine: Engine, issuer: str, subject: str, person_id: int, now: datetime) -> bool:
    """Return False and change nothing where the account is linked already or the person has another account of this issuer.

    From now on the person signs in with it alone: their password is gone.
    """
    values = {"issuer": issuer, "subject": subject, "person_id": person_id, "linked_at": now, "last_used_at": now}
    linked = INSERTS[engine.dialect.name](IDENTITIES).values(values).on_conflict_do_nothing()
    with write_transaction(engine) as connection:
        is_linked = connection.execute(linked.returning(IDENTITIES.c.id)).scalar() is not None
        if is_linked:
            connection.execute(delete(EXPECTED).where(EXPECTED.c.issuer == issuer, EXPECTED.c.person_id == person_id))
            forget_password(connection, person_id)
            enqueue_account_event(connection, "council_account_linked", person_id, now)
    return is_linked


def expect_account(engine: Engine, issuer: str, sign_in_name: str, person_id: int, ends_at: datetime, *, directory_version: int) -> bool:
    """Replace what was expected of the person. Return False, and change nothing, where they have an account or the name is expected for somebody else.

    Raise ConcurrentChange where somebody changed the directory meanwhile.
    """
    now = datetime.now(UTC)
    has_one = select(IDENTITIES.c.id).where(IDENTITIES.c.issuer == issuer, IDENTITIES.c.person_id == person_id)
    named = (
        EXPECTED.c.issuer == issuer,
        EXPECTED.c.sign_in_name == sign_in_name,
        EXPECTED.c.person_id != person_id,
        EXPECTED.c.ends_at > now,
    )
    with write_transaction(engine) as connection:
        if connection.execute(has_one.union_all(select(EXPECTED.c.id).where(*named))).first():
            return False
        writer = DirectoryWriter(connection, directory_version, now, {})
        connection.execute(delete(EXPECTED).where(or_(EXPECTED.c.person_id == person_id, EXPECTED.c.ends_at <= now)))
        values = {"issuer": issuer, "sign_in_name": sign_in_name, "person_id": person_id, "ends_at": ends_at}
        connection.execute(insert(EXPECTED).values(values))
        writer.record(None, DirectoryEvent("account_expected", person_id, facts={"name": sign_in_name}))
        enqueue_account_event(connection, "council_account_expected", person_id, now)
    return True


def expected_person(engine: Engine, issuer: str, sign_in_name: str, now: datetime) -> int | None:
    found = select(EXPECTED.c.person_id).where(
        EXPECTED.c.issuer == issuer, EXPECTED.c.sign_in_name == sign_in_name, EXPECTED.c.ends_at > now
    )
    with read_statement(engine) as connection:
        return connection.execute(found).scalar()


def list_expected(engine: Engine, now: datetime) -> list[Any]:
    columns = (tables.people.c.email, EXPECTED.c.issuer, EXPECTED.c.sign_in_name, EXPECTED.c.ends_at)
    with read_statement(engine) as connection:
        return list(
            connection.execute(
                select(*columns).join_from(EXPECTED, tables.people).where(EXPECTED.c.ends_at > now).order_by(tables.people.c.email)
            )
        )


def list_identities(engine: Engine) -> list[Any]:
    columns = (tables.people.c.email, IDENTITIES.c.issuer, IDENTITIES.c.subject, IDENTITIES.c.linked_at, IDENTITIES.c.last_used_at)
    with read_transaction(engine) as connection:
        return list(connection.execute(select(*columns).join_from(IDENTITIES, tables.people).order_by(tables.people.c.email)))


def unlink_identities(engine: Engine, person_id: int, *, is_told: bool = True, keeps: Collection[str] = ()) -> int:
    """Return how many there were, or were expected. Where there was one, every session of the person ends, and what `revoke_tokens_of` ends.

    A password of before is not valid again.
    """
    now = datetime.now(UTC)
    with write_transaction(engine) as connection:
        expected = connection.execute(delete(EXPECTED).where(EXPECTED.c.person_id == person_id).returning(EXPECTED.c.id)).all()
        removed = delete(IDENTITIES).where(IDENTITIES.c.person_id == person_id).returning(IDENTITIES.c.id)
        number = len(connection.execute(removed).all())
        if number:
            forget_password(connection, person_id)
            revoke_tokens_of(connection, person_id, now, keeps)
        if number and is_told:
            enqueue_account_event(connection, "council_account_unlinked", person_id, now)
    return number + len(expected)
