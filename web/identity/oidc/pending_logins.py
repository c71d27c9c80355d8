"""A sign-in that has begun: its secrets wait here for the same browser to come back, once, within ten minutes."""

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from web.identity.oidc.queries import keep_attempt, take_attempt
from web.identity.sessions import digest
from workflow.storage.engine import Engine

LASTS = timedelta(minutes=10)
BROWSER = "council_sign_in"


@dataclass(frozen=True, slots=True)
class Attempt:
    """`verifier` is PKCE’s; `after` is where the visitor was going."""

    state: str
    nonce: str
    verifier: str
    after: str


def begin(engine: Engine, session: MutableMapping[str, Any], after: str) -> Attempt:
    """Bound to the browser by a secret in its session, so that nobody can finish in one browser what was begun in another."""
    now = datetime.now(UTC)
    secret = session.setdefault(BROWSER, secrets.token_urlsafe(32))
    attempt = Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(64), after[:2000])
    kept = {"nonce": attempt.nonce, "verifier": attempt.verifier, "after": attempt.after}
    keep_attempt(engine, {"digest": _digest(secret, attempt.state), "begun_at": now, **kept}, now - LASTS)
    return attempt


def take(engine: Engine, session: MutableMapping[str, Any], state: str) -> Attempt | None:
    """None for a state that is another browser’s, too old, used, or never was."""
    row = take_attempt(engine, _digest(session.get(BROWSER, ""), state), datetime.now(UTC) - LASTS)
    return Attempt(state, row.nonce, row.verifier, row.after) if row else None


def _digest(secret: str, state: str) -> str:
    return digest(f"{secret}.{state}")
