"""Personal access tokens: created, checked, revoked. Each has a scope and an end; the database stores only its SHA-256.

A token is 256 random bits and can’t be guessed, so a slow hash would only slow each call.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from web.council import Council
from web.identity.credentials.queries import insert_token, mark_token_revoked, record_token_use, token_by_digest
from web.identity.row_signatures import is_signed, sign_row
from web.identity.sessions import token_digest
from workflow.directory import Person
from workflow.errors import BadInput, ErrorCollector, NotFound, PermissionDenied
from workflow.storage.engine import DatabaseError, Engine
from workflow.validation import read_text

READ, READ_AND_WRITE = "read", "read and write"
SCOPES = (READ, READ_AND_WRITE)
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
DAYS, MAX_DAYS, MAX_NAME_LENGTH, MAX_ID = 90, 365, 100, 2**31 - 1
USE_RECORDED_EVERY = timedelta(minutes=1)
COMMAND_LINE = "command line"
LOG = logging.getLogger("practice_audit")


class ReadOnlyToken(PermissionDenied):
    """This access token can only read."""


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """The person a token acts for, and whether it may write."""

    person_id: int
    may_write: bool


@dataclass(frozen=True, slots=True)
class NewToken:
    """What was typed into the form."""

    name: object = "Made at the command line"
    scope: object = READ_AND_WRITE
    days: object = DAYS


def create_token(council: Council, person: Person, new: NewToken | None = None, proof: str = "") -> str:
    """Return a new bearer token, which is shown once; raise BadInput with every error in the form.

    `proof` is the second factor of the person who makes it, or COMMAND_LINE: without one, it stops where the person needs one.
    """
    new, now, token = new or NewToken(), datetime.now(UTC), "pa_" + secrets.token_urlsafe(32)
    name, days = read_token(new)
    values: dict[str, Any] = {"digest": token_digest(token), "person_id": person.id, "name": name, "scope": new.scope, "proof": proof}
    values |= {"created_at": now, "ends_at": now + timedelta(days=days)}
    insert_token(council.engine, values | {"signature": sign_row(council.settings, "tokens", values)})
    return token


def read_token(new: NewToken) -> tuple[str, int]:
    """Return the name and the days; raise BadInput with every error in the form."""
    errors, name, days = ErrorCollector(), "", DAYS
    with errors:
        name = _name(new.name)
    with errors:
        if new.scope not in SCOPES:
            raise BadInput.about("scope", "Select what the token can do: read, or read and write.")
    with errors:
        days = _days(new.days)
    errors.refuse()
    return name, days


def revoke_token(council: Council, token_id: int, of: Person | None = None) -> None:
    """Raise NotFound where there is no such token or it does not belong to `of`. Revoking it again changes nothing."""
    found = token_id <= MAX_ID and mark_token_revoked(council.engine, token_id, datetime.now(UTC), of.id if of else None)
    if not found:
        raise NotFound


def check_token(council: Council, token: str, needs_proof: Callable[[int], bool]) -> TokenHolder | None:
    """Return None for a token that does not exist or no longer works. Its last use is recorded to the minute.

    `needs_proof` tells whether a person, by ID, needs a second factor now.
    """
    now, row = datetime.now(UTC), token_by_digest(council.engine, token_digest(token))
    if row is None or not is_signed(council.settings, "tokens", row) or why_unusable(row, now, needs_proof=needs_proof(row.person_id)):
        return None
    if row.used_at is None or abs(now - row.used_at) > USE_RECORDED_EVERY:
        _record_use(council.engine, row.digest, now)
    return TokenHolder(row.person_id, row.scope == READ_AND_WRITE)


def why_unusable(row: Any, now: datetime, *, needs_proof: bool) -> str:
    """Return why a token no longer works, or "" while it does. One that only stopped works again where no proof is needed any more."""
    if row.revoked_at is not None:
        return "revoked"
    if row.ends_at <= now:
        return "ended"
    return "stopped" if needs_proof and not row.proof else ""


def _record_use(engine: Engine, digest_: str, now: datetime) -> None:
    try:
        record_token_use(engine, digest_, now)
    except DatabaseError as error:
        # Reading must work while the disk is full.
        LOG.warning("could not record the use of an access token: %s", type(error).__name__)


def _name(value: object) -> str:
    name = read_text("name", value, MAX_NAME_LENGTH, one_line=True)
    if not name:
        raise BadInput.about("name", "Enter a name of one line, so that you can recognise the token.")
    return name


def _days(value: object) -> int:
    if not (isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 5)):
        raise BadInput.about("days", f"Enter a number of days from 1 to {MAX_DAYS}.")
    if not 1 <= int(value) <= MAX_DAYS:
        raise BadInput.about("days", f"Enter a number of days from 1 to {MAX_DAYS}.")
    return int(value)
