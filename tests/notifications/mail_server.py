"""A real SMTP server that keeps what it is given, or answers as it is told to."""

import socket
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

Answer = Callable[[str, int], str | None]


class MailServer:
    """`answers` gets a recipient and how often they were tried: a refusal like "450 later", or None to take it."""

    def __init__(self) -> None:
        self.answers: Answer = lambda to, tries: None
        self.after_data: Answer = lambda to, tries: None
        self.taken: list[tuple[str, bytes]] = []
        self.tried: dict[str, int] = {}
        self.connections = 0
        self.controller = Controller(self, hostname="127.0.0.1", port=_free_port())

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}?tls=none"

    def start(self) -> None:
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()

    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(body, policy=policy.default) for _, body in self.taken]

    async def handle_EHLO(self, _s: SMTP, session: Session, _e: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]) -> str:  # noqa: N802
        self.tried[address] = self.tried.get(address, 0) + 1
        refusal = self.answers(address, self.tried[address])
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, _s: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        to = envelope.rcpt_tos[0]
        assert isinstance(envelope.content, bytes)
        refusal = self.after_data(to, self.tried[to])
        # A server that takes the mail and fails to say so has it all the same.
        if refusal is None or refusal.startswith("421"):
            self.taken.append((to, envelope.content))
        return refusal or "250 OK"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
