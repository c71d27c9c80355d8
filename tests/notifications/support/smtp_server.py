"""A real SMTP server that stores what it is sent, or answers as a test sets; with TLS and a password if a test asks for them."""

import re
import socket
import ssl
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Answer = Callable[[str, int], str | None]


class SmtpServer:
    """`answers` gets a recipient and how often they were tried: a refusal like "450 later", or None to take it."""

    def __init__(self, tls: str = "none", secure: ssl.SSLContext | None = None, password: str = "") -> None:
        """`secure` holds the certificate of this server; with a password, the user is “audit”."""
        self.answers: Answer = lambda to, tries: None
        self.after_data: Answer = lambda to, tries: None
        self.taken: list[tuple[str, bytes]] = []
        self.tried: dict[str, int] = {}
        self.connections = 0
        self.options: list[str] = []
        self.is_secure: list[bool] = []
        self.tls, self.password = tls, password
        self.controller = Controller(
            self, hostname="127.0.0.1", port=free_port(), ssl_context=secure if tls == "implicit" else None, enable_SMTPUTF8=True,
            tls_context=secure if tls == "starttls" else None, require_starttls=tls == "starttls",
            authenticator=self._authenticate, auth_required=bool(password), auth_require_tls=tls == "starttls",
        )  # fmt: skip

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.controller.port}?tls={self.tls}"

    def start(self) -> None:
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()

    def emails(self) -> list[EmailMessage]:
        return [message_from_bytes(body, policy=policy.default) for _, body in self.taken]

    async def handle_EHLO(self, _s: SMTP, session: Session, _e: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[Any]) -> str:  # noqa: N802
        envelope.mail_from = address
        self.options = sorted(map(str, options))
        transport = server.transport
        self.is_secure.append(transport is not None and transport.get_extra_info("sslcontext") is not None)
        return "250 OK"

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
        # A server that accepts the email and fails to reply has it nevertheless.
        if refusal is None or refusal.startswith("421"):
            self.taken.append((to, envelope.content))
        return refusal or "250 OK"

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"audit", self.password.encode())
        return AuthResult(success=is_right, handled=False)


def without_reference(email: EmailMessage) -> str:
    """Its subject, but for the audit and action that it is about."""
    return re.sub(r": \w{4}-\w{4}(, action \d+)?$", "", str(email["Subject"]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
