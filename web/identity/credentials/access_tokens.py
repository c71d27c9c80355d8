"""Personal access tokens: made, judged, revoked. Each has a scope and an end; the database keeps its SHA-256 alone.

A token is 256 random bits, so there is nothing to guess and a slow hash would only slow each call.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from web.council import Council
from web.identity.credentials.queries import insert_token, mark_token_revoked, record_token_use, token_by_digest
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
LOG = logging.getLogger("practice_audit")


class ReadOnlyToken(PermissionDenied):
    """This access token may only read."""


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who a token speaks for, and how far."""

    person_id: int
    may_write: bool


@dataclass(frozen=True, slots=True)
class NewToken:
    """What is asked for, as typed."""

    name: object = "Made at the command line"
    scope: object = READ_AND_WRITE
    days: object = DAYS


def create_token(council: Council, person: Person, new: NewToken | None = None) -> str:
    """A new bearer token, shown once; raises BadInput with all that is wrong with it."""
    new, complaints, now = new or NewToken(), ErrorCollector(), datetime.now(UTC)
    token, name, days = "pa_" + secrets.token_urlsafe(32), "", DAYS
    with complaints:
        name = _name(new.name)
    with complaints:
        if new.scope not in SCOPES:
            raise BadInput.about("scope", "Choose what the token may do: read, or read and write.")
    with complaints:
        days = _days(new.days)
    complaints.refuse()
    insert_token(
        council.engine, digest=token_digest(token), person_id=person.id, name=name, scope=new.scope, created_at=now, ends_at=now + timedelta(days=days)
    )  # fmt: skip
    return token


def revoke_token(council: Council, token_id: int, of: Person | None = None) -> None:
    """Raise NotFound where there is no such token, or it is somebody else’s than `of`. Revoked again, it stays as it was."""
    found = token_id <= MAX_ID and mark_token_revoked(council.engine, token_id, datetime.now(UTC), of.id if of else None)
    if not found:
        raise NotFound


def check_token(engine: Engine, token: str) -> TokenHolder | None:
    """None for what is no token, has ended or was revoked. Its use is noted to the minute."""
    now, row = datetime.now(UTC), token_by_digest(engine, token_digest(token))
    if row is None or why_unusable(row, now):
        return None
    if row.used_at is None or abs(now - row.used_at) > USE_RECORDED_EVERY:
        _note(engine, row.digest, now)
    return TokenHolder(row.person_id, row.scope == READ_AND_WRITE)


def why_unusable(row: Any, now: datetime) -> str:
    """Why a token is worth nothing now; "" while it is good."""
    if row.revoked_at is not None:
        return "revoked"
    return "ended" if row.ends_at <= now else ""


def _note(engine: Engine, digest_: str, now: datetime) -> None:
    try:
        record_token_use(engine, digest_, now)
    except DatabaseError as error:
        # Who only reads must not need a disk that can be written to.
        LOG.warning("the use of a token could not be noted: %s", type(error).__name__)


def _name(value: object) -> str:
    name = read_text("name", value, MAX_NAME_LENGTH)
    if not name or not name.isprintable():
        raise BadInput.about("name", "Give the token a name of one line, so that you know it again.")
    return name


def _days(value: object) -> int:
    if not (isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 5)):
        raise BadInput.about("days", f"A token lasts from 1 to {MAX_DAYS} days.")
    if not 1 <= int(value) <= MAX_DAYS:
        raise BadInput.about("days", f"A token lasts from 1 to {MAX_DAYS} days.")
    return int(value)
