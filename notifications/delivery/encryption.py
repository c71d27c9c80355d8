"""What a mail’s one link opens, enciphered while it waits to be sent. Nobody reads it from a copy of the database."""

from base64 import urlsafe_b64encode

from config.settings import Settings


def encrypt(settings: Settings, words: str) -> bytes:
    # Imported where it is needed: most runs send no such mail.
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(settings.key_for("outbox"))).encrypt(words.encode())


def decrypt(settings: Settings, locked: bytes) -> str:
    """Raise InvalidToken for what another SECRET_KEY locked."""
    from cryptography.fernet import Fernet

    return Fernet(urlsafe_b64encode(settings.key_for("outbox"))).decrypt(locked).decode()
