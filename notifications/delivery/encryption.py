"""Encrypt the secret link of an account email while it waits to be sent, so that a copy of the database does not reveal it."""

from base64 import urlsafe_b64encode

from config.settings import Settings


def encrypt(settings: Settings, text: str) -> bytes:
    # Imported where it is needed: most runs send no such email.
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(settings.key_for("outbox"))).encrypt(text.encode())


def decrypt(settings: Settings, locked: bytes) -> str:
    """Raise InvalidToken for bytes encrypted with another SECRET_KEY."""
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(settings.key_for("outbox"))).decrypt(locked).decode()
