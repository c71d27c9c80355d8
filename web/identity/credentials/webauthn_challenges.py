"""A challenge to a passkey: for one purpose, in the session it was made for, within five minutes, once.

A signed-in session is in the database. A visitor’s is a signed cookie, so that asking for a challenge makes no row; what stops a copy
of that cookie is the digest of each challenge that was answered rightly (`use_challenge`).
"""

from datetime import UTC, datetime, timedelta

from web.identity.queries import use_proof
from web.identity.sessions import token_digest
from web.request.context import current_council, current_session
from workflow.errors import BadInput

SIGN_IN, ADD, CONFIRM = "sign in", "add", "confirm"
KEY, LASTS = "challenge to ", timedelta(minutes=5)
TOO_LATE = "That took too long. Try again."


def store_challenge(purpose: str, challenge: str) -> None:
    current_session()[KEY + purpose] = {"value": challenge, "at": datetime.now(UTC).isoformat()}


def take_challenge(purpose: str) -> str:
    """Raise BadInput where this session has no recent challenge for this purpose."""
    stored = current_session().pop(KEY + purpose, None)
    if stored is None or datetime.now(UTC) - datetime.fromisoformat(stored["at"]) > LASTS:
        raise BadInput.about("credential", TOO_LATE)
    value: str = stored["value"]
    return value


def use_challenge(challenge: str) -> bool:
    """Return whether this is the first right answer to it."""
    return use_proof(current_council().engine, token_digest(f"challenge {challenge}"), datetime.now(UTC))
