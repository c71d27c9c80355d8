"""Sign with Ed25519: the public key, kept elsewhere, is enough to check, and SECRET_KEY is needed to sign."""

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from config.settings import Settings

# Imported where it is needed, as ciphers are.
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PURPOSE = "checkpoints"


def public_key(settings: Settings) -> str:
    return b64encode(_private_key(settings).public_key().public_bytes_raw()).decode()


def sign(settings: Settings, content: bytes) -> str:
    return b64encode(_private_key(settings).sign(content)).decode()


def is_signed(public: str, content: bytes, signature: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(b64decode(public)).verify(b64decode(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private_key(settings: Settings) -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(settings.key_for(PURPOSE))
