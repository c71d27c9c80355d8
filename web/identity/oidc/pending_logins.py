"""A sign-in that has started: its secrets are stored until the same browser comes back, once, within ten minutes."""

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from web.identity.oidc.queries import insert_attempt, take_attempt
from web.identity.sessions import token_digest
from workflow.storage.engine import Engine

LASTS = timedelta(minutes=10)
BROWSER_KEY = "council_sign_in"


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """`verifier` belongs to PKCE; `after` is the page the visitor wanted."""

    state: str
    nonce: str
    verifier: str
    after: str


def store_pending_login(engine: Engine, session: MutableMapping[str, Any], after: str) -> PendingLogin:
    """Bind it to the browser by a secret in the session, so that it can’t be finished in another browser."""
    now = datetime.now(UTC)
    secret = session.setdefault(BROWSER_KEY, secrets.token_urlsafe(32))
    attempt = PendingLogin(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64), after[:2000])
    secret_values = {"nonce": attempt.nonce, "verifier": attempt.verifier, "after": attempt.after}
    insert_attempt(engine, {"digest": _digest(secret, attempt.state), "begun_at": now, **secret_values}, now - LASTS)
    return attempt


def take_pending_login(engine: Engine, session: MutableMapping[str, Any], state: str) -> PendingLogin | None:
    """Return None for a state of another browser, or one that is too old, used or unknown."""
    row = take_attempt(engine, _digest(session.get(BROWSER_KEY, ""), state), datetime.now(UTC) - LASTS)
    return PendingLogin(state, row.nonce, row.verifier, row.after) if row else None


def _digest(secret: str, state: str) -> str:
    return token_digest(f"{secret}.{state}")
