"""A sign-in that has started. Nothing is stored for it, since anybody may start one: its state, which comes back through the issuer, is
encrypted and names the browser; what else it must end with is derived from the state and a secret in the browser’s cookie.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from config.settings import Settings
from notifications.delivery.encryption import decrypt_recent, encrypt
from web.identity.sessions import token_digest

LASTS = timedelta(minutes=10)
BROWSER_KEY = "council_sign_ins"
PURPOSE = "council sign-in"
MOST_AT_ONCE = 5
"""Tabs of one browser in which a sign-in has started: the oldest is forgotten, so that the cookie stays small."""
LONGEST_AFTER = 1000


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """`verifier` belongs to PKCE; `after` is the page the visitor wanted."""

    state: str
    nonce: str
    verifier: str
    after: str


def begin_login(settings: Settings, session: MutableMapping[str, Any], after: str) -> PendingLogin:
    """Bind it to the browser by a secret in the session, so that it can’t be finished in another browser."""
    secret, begun = _of_browser(session)
    after = after if len(after) <= LONGEST_AFTER else "/"
    state = encrypt(settings, json.dumps([token_digest(secret), after]), PURPOSE).decode()
    session[BROWSER_KEY] = [secret, [*begun, token_digest(state)[:16]][-MOST_AT_ONCE:]]
    return _pending(settings, secret, state, after)


def finish_login(settings: Settings, session: MutableMapping[str, Any], state: str) -> PendingLogin | None:
    """Return None for a state of another browser, or one that is older than ten minutes, used or unknown.

    A copy of an earlier cookie knows it again: then the code, which the issuer takes once, ends it.
    """
    secret, begun = _of_browser(session)
    if (known := token_digest(state)[:16]) not in begun:
        return None
    session[BROWSER_KEY] = [secret, [one for one in begun if one != known]]
    said = decrypt_recent(settings, state, PURPOSE, LASTS)
    browser, after = json.loads(said) if said else ("", "")
    return _pending(settings, secret, state, after) if hmac.compare_digest(browser, token_digest(secret)) else None


def _of_browser(session: MutableMapping[str, Any]) -> tuple[str, list[str]]:
    secret, begun = session.get(BROWSER_KEY) or (secrets.token_urlsafe(32), [])
    return secret, begun


def _pending(settings: Settings, secret: str, state: str, after: str) -> PendingLogin:
    def derive(purpose: str) -> str:
        digest = hmac.digest(settings.key_for(PURPOSE), f"{purpose} {secret} {state}".encode(), "sha256")
        return urlsafe_b64encode(digest).decode().rstrip("=")

    return PendingLogin(state, derive("nonce"), derive("verifier"), after)
