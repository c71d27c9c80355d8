"""How emails leave: by SMTP, by GOV.UK Notify, or into a folder. This file holds what the channels share."""

from typing import Protocol


class Channel(Protocol):
    def send(self, to: str, message_id: str, body: bytes) -> None:
        """Raises TemporaryFailure or PermanentFailure."""

    def close(self) -> None: ...


class TemporaryFailure(Exception):
    """The email was not sent; trying again may help."""


class ChannelUnavailable(TemporaryFailure):
    """No email can be sent: the server does not answer, or refuses the credentials."""


class PermanentFailure(Exception):
    """The email was refused, and trying again would not help."""
