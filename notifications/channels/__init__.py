"""The ways out: SMTP, GOV.UK Notify, a folder. This file holds what they share."""

from typing import Protocol


class Channel(Protocol):
    def send(self, to: str, message_id: str, body: bytes) -> None:
        """Raises TemporaryFailure or PermanentFailure."""

    def close(self) -> None: ...


class TemporaryFailure(Exception):
    """It did not go; trying again may help."""


class ChannelUnavailable(TemporaryFailure):
    """Nor can any other mail go: the server does not answer, or does not let us in."""


class PermanentFailure(Exception):
    """It was refused for good."""


def with_plain_domain(address: str) -> str:
    """The domain as it stands in DNS, which every mail server takes; what is before the @ stays."""
    name, at, domain = address.rpartition("@")
    try:
        return name + at + (domain if domain.isascii() else domain.encode("idna").decode())
    except UnicodeError:
        return address
