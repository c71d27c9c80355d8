"""What ends when somebody’s email address changes or they sign in otherwise, and what is forgotten when they leave: a returner starts again."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, update

from workflow.storage import account_emails, audit_writer
from workflow.storage.tables import (
    accounts,
    calendars,
    enrolment_codes,
    expected_accounts,
    identities,
    outbox,
    passkeys,
    people,
    places,
    recovery_codes,
    sessions,
    tokens,
)

TO_FORMER_ADDRESS = "address_changed"
FACTORS = (passkeys, recovery_codes, identities, places)


def end_access(connection: Connection, person_id: int, at: datetime) -> None:
    """Sessions, tokens, the calendar’s address, links in emails, half-finished sign-ins and an expected council account.

    What they sign in with stays.
    """
    for table in (sessions, calendars, enrolment_codes, expected_accounts):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    connection.execute(update(tokens).where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None)).values(revoked_at=at))
    _renew_account(connection, person_id, links_from=at)
    _cancel_links(connection, person_id)
    waiting = (outbox.c.recipient == person_id, outbox.c.state == "waiting")
    # What was tried already is built again, for the address that they have when it is sent.
    unbuilt = {"body": None, "message_id": None, "sent_to": None, "last_error": None}
    connection.execute(update(outbox).where(*waiting, outbox.c.event != TO_FORMER_ADDRESS).values(unbuilt))


def tell_former_address(connection: Connection, person_id: int, former: str, version: int, at: datetime) -> None:
    """The one email whose address is stored beforehand: by the time it is sent, the directory has the new one."""
    key = f"{TO_FORMER_ADDRESS}/{person_id}/{version}"
    account_emails.enqueue(connection, TO_FORMER_ADDRESS, person_id, at, key=key, sent_to=former)


def forget_credentials(connection: Connection, person_id: int, at: datetime) -> None:
    """All of that and what they signed in with: password, app, passkeys, recovery codes, council account, known places."""
    end_access(connection, person_id, at)
    for table in (tokens, *FACTORS):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    connection.execute(update(people).where(people.c.id == person_id).values(password_hash=None))
    nothing = {"totp": None, "totp_counter": None, "handle": None}
    connection.execute(update(accounts).where(accounts.c.person_id == person_id).values(nothing))


def forget_password(connection: Connection, person_id: int) -> None:
    """The password, the passkeys, links to choose a password, sessions and half-finished sign-ins. App, tokens and calendar stay."""
    for table in (sessions, passkeys):
        connection.execute(delete(table).where(table.c.person_id == person_id))
    connection.execute(update(people).where(people.c.id == person_id).values(password_hash=None))
    _renew_account(connection, person_id)
    _cancel_links(connection, person_id)


def turn_passwords(connection: Connection, person_id: int, at: datetime, *, is_on: bool) -> None:
    """The person is told by email."""
    if not is_on:
        forget_password(connection, person_id)
    audit_writer.upsert(connection, accounts, ("person_id",), [{"person_id": person_id, "passwords_off": not is_on}])
    event = "passwords_turned_on" if is_on else "passwords_turned_off"
    account_emails.enqueue(connection, event, person_id, at)


def _renew_account(connection: Connection, person_id: int, **more: datetime) -> None:
    """A link to choose a password is signed with the uniquifier."""
    new = {"person_id": person_id, "uniquifier": secrets.token_hex(32), **more}
    audit_writer.upsert(connection, accounts, ("person_id",), [new])


def _cancel_links(connection: Connection, person_id: int) -> None:
    waiting = (outbox.c.recipient == person_id, outbox.c.state == "waiting", outbox.c.locked.is_not(None))
    connection.execute(update(outbox).where(*waiting).values(state="cancelled", leased_until=None, locked=None))
