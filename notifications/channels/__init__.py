"""The ways out. Each sends bytes to one address, or says whether trying again could help."""

from typing import Protocol
from urllib.parse import urlsplit

from config.settings import Settings
from notifications.channels.errors import ChannelUnavailable, PermanentFailure, TemporaryFailure
from notifications.channels.folder import FolderChannel
from notifications.channels.govuk_notify import NotifyChannel
from notifications.channels.smtp import SmtpChannel


class Channel(Protocol):
    def send(self, to: str, message_id: str, body: bytes) -> None:
        """Raises TemporaryFailure or PermanentFailure."""

    def close(self) -> None: ...


def open_channel(settings: Settings) -> Channel:
    if settings.mail_url.startswith("folder:"):
        return FolderChannel(settings.mail_url.removeprefix("folder:"))
    if settings.mail_url.startswith("notify:"):
        return NotifyChannel(settings.mail_url, settings.notify_api_key)
    return SmtpChannel(urlsplit(settings.mail_url), settings.mail_from)


__all__ = ["Channel", "ChannelUnavailable", "PermanentFailure", "TemporaryFailure", "open_channel"]
