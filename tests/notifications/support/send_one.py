"""Sends one email by one channel to one server, for the tests of channels."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from notifications.channels import TemporaryFailure
from notifications.channels.smtp import SmtpChannel
from tests.notifications.support.certificates import holding, trusting
from tests.notifications.support.misbehaving_smtp_server import MisbehavingSmtpServer
from tests.notifications.support.smtp_server import SmtpServer

FROM, TO, IDENT = "practice.audit@demo.example", "director@demo.example", "<0123456789abcdef@demo.example>"
Making = Callable[[Mapping[int, Mapping[str, str]]], MisbehavingSmtpServer]


def an_email(to: str = TO) -> bytes:
    message = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)
    message["From"], message["To"], message["Subject"], message["Message-ID"] = FROM, to, "Read the plan", IDENT
    message.set_content("Read the Head of Service’s plan.\n.\nhttp://localhost/audits/k7f3-2q9d\n")
    return message.as_bytes()


@contextmanager
def serving(tls: str = "none", certificate: Path | None = None, password: str = "") -> Iterator[SmtpServer]:
    server = SmtpServer(tls, holding(certificate) if certificate else None, password)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def sending(url: str, certificate: Path | None = None, sender: str = FROM) -> Iterator[SmtpChannel]:
    channel = SmtpChannel(urlsplit(url), sender, timeout=0.3, secure=trusting(certificate) if certificate else None)
    try:
        yield channel
    finally:
        channel.close()


def refused(channel: SmtpChannel, to: str = TO) -> str:
    with pytest.raises(TemporaryFailure) as why:
        channel.send(to, IDENT, an_email())
    return str(why.value)
