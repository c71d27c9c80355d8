"""A device that holds a passkey, in software: what a browser’s `navigator.credentials` would return, as JSON."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


class Device:
    def __init__(self, origin: str = "http://localhost") -> None:
        self.origin, self.host = origin, origin.partition("://")[2].partition(":")[0]
        self.key, self.credential_id = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16)
        self.handle = ""

    def create(self, options: dict[str, Any]) -> str:
        """A new passkey, for the person that the options name."""
        self.handle = options["user"]["id"]
        number = self.key.public_key().public_numbers()
        public_key = {1: 2, 3: -7, -1: 1, -2: number.x.to_bytes(32, "big"), -3: number.y.to_bytes(32, "big")}
        own = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(public_key)
        stated = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(HAS_CREDENTIAL) + own})
        return self._answer({"clientDataJSON": self._client("webauthn.create", options), "attestationObject": stated})

    def get(self, options: dict[str, Any], flags: int = VERIFIED) -> str:
        """Sign the challenge."""
        client, data = self._client("webauthn.get", options), self._data(0, flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": data, "signature": signature}, userHandle=self.handle)

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, more: int, flags: int = VERIFIED) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([PRESENT | flags | more]) + bytes(4)

    def _answer(self, parts: dict[str, bytes], **more: str) -> str:
        name = encoded(self.credential_id)
        response = {key: encoded(value) for key, value in parts.items()} | more
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
