"""Credentials as SQL: accounts, codes, passkeys, sessions and access tokens.

What changes how somebody signs in is told to them in the same transaction (`enqueue_account_event`).
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Update, and_, bindparam, delete, exists, insert, or_, select, update

from notifications.outbox import enqueue_account_email, enqueue_account_event
from workflow.errors import NotFound
from workflow.storage.audit_writer import upsert
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import accounts, calendars, identities, outbox, passkeys, people, recovery_codes, sessions, tokens

MAX_LISTED = 100
KEEP_TOKENS, KEEP_CALENDAR = "tokens", "calendar"
NOBODY = -1
# Run at each request of a program: building a statement costs more than running it, so it is built once.
TOKEN = select(tokens).where(tokens.c.digest == bindparam("the_digest"))
MAY_HAVE_PASSWORD = and_(accounts.c.passwords_off.is_not(True), ~exists().where(identities.c.person_id == people.c.id))
ACCOUNT = select(
    people, accounts.c.uniquifier, accounts.c.handle, accounts.c.totp, accounts.c.totp_counter, MAY_HAVE_PASSWORD.label("may_have_password")
).outerjoin(accounts)


def account_of(engine: Engine, person_id: int) -> Any:
    return _first(engine, ACCOUNT.where(people.c.id == person_id))


def account_by(engine: Engine, column: str, value: str) -> Any:
    """By `uniquifier` or by `handle`."""
    return _first(engine, ACCOUNT.where(accounts.c[column] == value))


def save_account(
    engine: Engine, person_id: int, password_hash: str | None, values: dict[str, Any], *, is_new_password: bool, keeps: Collection[str] = ()
) -> None:
    """A new password ends every session of the person, and what `revoke_tokens_of` ends.

    Raise NotFound where passwords have been turned off for the person meanwhile.
    """
    now = datetime.now(UTC)
    with write_transaction(engine) as connection:
        if is_new_password and not connection.execute(ACCOUNT.where(people.c.id == person_id)).one().may_have_password:
            raise NotFound
        connection.execute(update(people).where(people.c.id == person_id).values(password_hash=password_hash))
        upsert(connection, accounts, ("person_id",), [{"person_id": person_id, **values}])
        if is_new_password:
            connection.execute(delete(sessions).where(sessions.c.person_id == person_id))
            revoke_tokens_of(connection, person_id, now, keeps)
            enqueue_account_event(connection, "password_changed", person_id, now)


def enqueue_reset_email(engine: Engine, key: str, person_id: int, now: datetime, locked: bytes) -> None:
    """For NOBODY write as much and keep nothing, so that the time shows nobody who has an account here."""
    with write_transaction(engine) as connection:
        enqueue_account_email(connection, "password_reset", key, person_id, now, locked=locked)
        connection.execute(delete(outbox).where(outbox.c.recipient == NOBODY))


# --- Codes -----------------------------------------------------------------------------------------------------------


def use_totp_counter(engine: Engine, person_id: int, counter: int) -> bool:
    """Return whether this code is accepted: each code once, and none older than the last one, even under concurrent requests."""
    newer = or_(accounts.c.totp_counter.is_(None), accounts.c.totp_counter < counter)
    with write_transaction(engine) as connection:
        taken = connection.execute(update(accounts).where(accounts.c.person_id == person_id, newer).values(totp_counter=counter))
        return taken.rowcount == 1


def save_totp(engine: Engine, person_id: int, totp: str, counter: int) -> None:
    with write_transaction(engine) as connection:
        upsert(connection, accounts, ("person_id",), [{"person_id": person_id, "totp": totp, "totp_counter": counter}])
        enqueue_account_event(connection, "authenticator_app_added", person_id, datetime.now(UTC))


def remove_totp(engine: Engine, person_id: int) -> None:
    with write_transaction(engine) as connection:
        if connection.execute(_without_app(person_id)).rowcount:
            connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
            enqueue_account_event(connection, "authenticator_app_removed", person_id, datetime.now(UTC))


def _without_app(person_id: int) -> Update:
    return update(accounts).where(accounts.c.person_id == person_id, accounts.c.totp.is_not(None)).values(totp=None, totp_counter=None)


def recovery_codes_of(engine: Engine, person_id: int) -> Sequence[Any]:
    query = select(recovery_codes).where(recovery_codes.c.person_id == person_id).order_by(recovery_codes.c.id)
    with read_transaction(engine) as connection:
        return connection.execute(query).all()


def set_recovery_codes(engine: Engine, person_id: int, codes: Sequence[str], *, is_told: bool) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
        if codes:
            connection.execute(insert(recovery_codes), [{"person_id": person_id, "code": code} for code in codes])
        if is_told:
            enqueue_account_event(connection, "recovery_codes_made", person_id, datetime.now(UTC))


def delete_recovery_code(engine: Engine, code_id: int) -> bool:
    with write_transaction(engine) as connection:
        return connection.execute(delete(recovery_codes).where(recovery_codes.c.id == code_id)).rowcount == 1


# --- Passkeys --------------------------------------------------------------------------------------------------------


def passkeys_of(engine: Engine, person_id: int) -> Sequence[Any]:
    with read_transaction(engine) as connection:
        return connection.execute(select(passkeys).where(passkeys.c.person_id == person_id).order_by(passkeys.c.id)).all()


def passkey_by_credential(engine: Engine, credential_id: str) -> Any:
    return _first(engine, select(passkeys).where(passkeys.c.credential_id == credential_id))


def add_passkey(engine: Engine, values: dict[str, Any]) -> None:
    with write_transaction(engine) as connection:
        connection.execute(insert(passkeys).values(values))
        enqueue_account_event(connection, "passkey_added", values["person_id"], values["made_at"])


def record_passkey_use(engine: Engine, passkey_id: int, sign_count: int, now: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(update(passkeys).where(passkeys.c.id == passkey_id).values(sign_count=sign_count, used_at=now))


def remove_passkey(engine: Engine, person_id: int, passkey_id: int) -> bool:
    mine = (passkeys.c.person_id == person_id, passkeys.c.id == passkey_id)
    with write_transaction(engine) as connection:
        is_removed = connection.execute(delete(passkeys).where(*mine)).rowcount == 1
        if is_removed:
            enqueue_account_event(connection, "passkey_removed", person_id, datetime.now(UTC))
    return is_removed


def remove_second_factor(engine: Engine, person_id: int, now: datetime) -> bool:
    """Return whether there was one. All sessions and access tokens of the person end, and they are notified."""
    removed = (_without_app(person_id), delete(passkeys).where(passkeys.c.person_id == person_id))
    with write_transaction(engine) as connection:
        counted = [connection.execute(statement).rowcount for statement in removed]
        if not any(counted):
            return False
        connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
        connection.execute(delete(sessions).where(sessions.c.person_id == person_id))
        revoke_tokens_of(connection, person_id, now)
        enqueue_account_event(connection, "second_proof_changed", person_id, now)
    return True


# --- Access tokens: a token itself is not stored, only its digest ----------------------------------------------------


def insert_token(engine: Engine, values: dict[str, Any]) -> None:
    with write_transaction(engine) as connection:
        connection.execute(insert(tokens).values(values))
        enqueue_account_event(connection, "access_token_made", values["person_id"], values["created_at"])


def token_by_digest(engine: Engine, digest: str) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(TOKEN, {"the_digest": digest}).first()


def record_token_use(engine: Engine, digest: str, at: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(update(tokens).where(tokens.c.digest == digest).values(used_at=at))


def tokens_of(engine: Engine, person_id: int) -> Sequence[Any]:
    """The newest first."""
    query = select(tokens).where(tokens.c.person_id == person_id).order_by(tokens.c.id.desc()).limit(MAX_LISTED)
    with read_transaction(engine) as connection:
        return connection.execute(query).all()


def mark_token_revoked(engine: Engine, token_id: int, at: datetime, person_id: int | None = None) -> bool:
    """Return whether there is such a token, of this person where one is given. A token revoked before keeps its first time."""
    chosen = tokens.c.id == token_id if person_id is None else (tokens.c.id == token_id) & (tokens.c.person_id == person_id)
    with write_transaction(engine) as connection:
        connection.execute(update(tokens).where(chosen, tokens.c.revoked_at.is_(None)).values(revoked_at=at))
        return connection.execute(select(tokens.c.id).where(chosen)).first() is not None


def revoke_tokens_of(connection: Connection, person_id: int, at: datetime, keeps: Collection[str] = ()) -> None:
    """Revoke the tokens and the calendar address of a person, but what they keep, since somebody else may have used their account."""
    if KEEP_CALENDAR not in keeps:
        connection.execute(delete(calendars).where(calendars.c.person_id == person_id))
    if KEEP_TOKENS not in keeps:
        connection.execute(update(tokens).where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at))


def _first(engine: Engine, query: Any) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(query).first()
