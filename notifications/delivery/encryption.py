"""Encrypt what must not be read where it lies: the secret link of an email that waits, the state of a sign-in at the council’s issuer, the
answer stored for a repeated request.
"""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

from config.settings import Settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

OUTBOX = "outbox"


def encrypt(settings: Settings, text: str, purpose: str = OUTBOX) -> bytes:
    return _cipher(settings, purpose).encrypt(text.encode())


def decrypt(settings: Settings, locked: bytes) -> str:
    """Raise InvalidToken for bytes encrypted with another SECRET_KEY."""
    return _cipher(settings, OUTBOX).decrypt(locked).decode()


def decrypt_recent(settings: Settings, locked: str, purpose: str, lasts: timedelta) -> str | None:
    """Return None for what was encrypted longer ago, with another key or for another purpose."""
    return decrypt_or_none(settings, locked, purpose, int(lasts.total_seconds()))


def decrypt_or_none(settings: Settings, locked: str, purpose: str, seconds: int | None = None) -> str | None:
    from cryptography.fernet import InvalidToken

    try:
        return _cipher(settings, purpose).decrypt(locked.encode(errors="replace"), ttl=seconds).decode()
    except InvalidToken:
        return None


def _cipher(settings: Settings, purpose: str) -> "Fernet":
    # Imported where it is needed: most runs encrypt nothing.
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(settings.key_for(purpose)))
