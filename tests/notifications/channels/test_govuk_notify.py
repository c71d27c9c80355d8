"""GOV.UK Notify, against a server that answers as its API does: what is sent, what is tried again, what is refused permanently."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from sqlalchemy import select

from notifications.channels import PermanentFailure, TemporaryFailure
from notifications.channels.govuk_notify import NotifyChannel
from notifications.scheduling.worker import run_once
from tests.factories import NOW, World, an_audit
from tests.notifications.support.certificates import a_certificate, holding
from tests.notifications.support.govuk_notify_server import KEY, SECRET, TEMPLATE, NotifyServer, Refusal
from tests.web.support.log_capture import every_line
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import read_transaction

TO, IDENT = "director@demo.example", "<0123456789abcdef@demo.example>"


@pytest.fixture
def server() -> Iterator[NotifyServer]:
    made = NotifyServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def channel(server: NotifyServer) -> Iterator[NotifyChannel]:
    made = NotifyChannel(server.url, KEY, timeout=0.2)
    yield made
    made.close()


def an_email() -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"], message["Message-ID"], message["To"] = "An audit’s moderation is due", IDENT, TO
    message.set_content("Dear Róisín,\n\nRead the Head of Service’s plan.\n\nhttp://localhost/audits/k7f3-2q9d\n")
    return message.as_bytes()


def test_the_subject_and_the_text_of_the_stored_email_are_sent(server: NotifyServer, channel: NotifyChannel) -> None:
    channel.send(TO, IDENT, an_email())
    text = "Dear Róisín,\n\nRead the Head of Service’s plan.\n\nhttp://localhost/audits/k7f3-2q9d"
    said = {"subject": "An audit’s moderation is due", "body": text}
    assert server.taken == [{"email_address": TO, "template_id": TEMPLATE, "personalisation": said, "reference": IDENT}]


def test_only_a_bad_address_is_refused_permanently(server: NotifyServer, channel: NotifyChannel) -> None:
    server.answers = lambda to, tries: (400, "ValidationError", "email_address Not a valid email address") if to == "x@" else None
    with pytest.raises(PermanentFailure, match=r"^GOV\.UK Notify refused the address$"):
        channel.send("x@", IDENT, an_email())
    channel.send(TO, IDENT, an_email())
    assert (len(server.taken), server.connections) == (1, 1)


FOR_NOW: dict[str, Refusal] = {
    "trial mode": (400, "BadRequestError", "Can’t send to this recipient when service is in trial mode"),
    "a team’s key": (400, "BadRequestError", "Can’t send to this recipient using a team-only API key"),
    "another field": (400, "ValidationError", "template_id is not a valid UUID"),
    "no such service": (403, "AuthError", "Invalid token: service is archived"),
    "too many a minute": (429, "RateLimitError", "Exceeded rate limit for key type live of 3000 requests per 60 seconds"),
    "too many a day": (429, "TooManyRequestsError", "Exceeded send limits (250000) for today"),
    "its own fault": (500, "Exception", "Internal server error"),
    "away": (503, "Exception", "email_address"),
    "moved": (302, "ValidationError", "email_address"),
    "not said to be taken": (200, "", ""),
    "not in its own words": (400, "", ""),
    "dropped": "drop",
    "silent": "hang",
}


@pytest.mark.parametrize("why", FOR_NOW)
def test_everything_else_is_tried_again_and_gets_through_later(why: str, server: NotifyServer, channel: NotifyChannel) -> None:
    server.answers = lambda to, tries: FOR_NOW[why] if tries == 1 else None
    with pytest.raises(TemporaryFailure, match=r"^GOV\.UK Notify (answered \d+(; check the .+|; this service .+)?|can’t be reached: \w+)$"):
        channel.send(TO, IDENT, an_email())
    assert not server.taken
    channel.send(TO, IDENT, an_email())
    assert len(server.taken) == 1


def test_a_wrong_key_or_a_wrong_clock_fails_no_email_for_good(server: NotifyServer, channel: NotifyChannel) -> None:
    wrong = NotifyChannel(server.url, KEY[:-1] + "f")
    with pytest.raises(TemporaryFailure, match="answered 403; check the key, and this machine’s clock"):
        wrong.send(TO, IDENT, an_email())
    wrong.close()
    server.clock = lambda: time.time() + 60
    with pytest.raises(TemporaryFailure, match="answered 403"):
        channel.send(TO, IDENT, an_email())


def test_an_unreachable_server_is_tried_again(server: NotifyServer) -> None:
    with pytest.raises(TemporaryFailure, match="can’t be reached: ConnectionRefusedError"):
        NotifyChannel(f"notify:{TEMPLATE}?api=http://127.0.0.1:1", KEY).send(TO, IDENT, an_email())


def test_one_connection_is_reused_and_a_closed_one_opened_again_at_once(server: NotifyServer, channel: NotifyChannel) -> None:
    for _ in range(3):
        channel.send(TO, IDENT, an_email())
    assert server.connections == 1
    server.closes_after_each = True
    channel.send(TO, IDENT, an_email())
    # Wait until the end of the connection has arrived; it needs no answer.
    assert channel._connection is not None
    assert channel._connection.sock.recv(1) == b""
    channel.send(TO, IDENT, an_email())
    assert (len(server.taken), server.connections) == (5, 2)


def test_it_uses_https_and_sends_nothing_to_an_untrusted_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, server = a_certificate(tmp_path), NotifyServer()
    server.server.socket = holding(certificate).wrap_socket(server.server.socket, server_side=True, do_handshake_on_connect=False)
    server.start()
    channel = NotifyChannel(server.url.replace("http:", "https:"), KEY)
    with pytest.raises(TemporaryFailure, match="can’t be reached: SSLCertVerificationError"):
        channel.send(TO, IDENT, an_email())
    assert not server.tried
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for _ in range(3):
        channel.send(TO, IDENT, an_email())
    channel.close()
    server.stop()
    assert (len(server.taken), server.connections) == (3, 2)


def test_neither_the_key_nor_the_text_is_in_a_log_line_or_a_reason(server: NotifyServer, channel: NotifyChannel) -> None:
    server.answers = lambda to, tries: (400, "ValidationError", f"personalisation {an_email()!r} {KEY} is not of type dict")
    with every_line() as lines, pytest.raises(TemporaryFailure) as refused:
        channel.send(TO, IDENT, an_email())
    logging.getLogger("practice_audit").info("%r", channel)
    for said in (*lines, str(refused.value), repr(channel)):
        assert SECRET not in said
        assert "Róisín" not in said
        assert TO not in said


def test_the_worker_sends_by_notify_and_notifies_the_qa_service_of_refusals(council: Council, world: World, server: NotifyServer) -> None:
    parts = replace(council.worker_context, settings=replace(council.settings, mail_url=server.url, notify_api_key=KEY))
    an_audit(world, at="shared")
    server.answers = lambda to, tries: (500, "Exception", "Internal server error")
    assert run_once(parts, NOW) == 0
    server.answers = lambda to, tries: (
        (400, "ValidationError", "email_address Not a valid email address") if to.startswith("qaro") else None
    )
    sent = run_once(parts, NOW + timedelta(minutes=5))
    assert sent == len(server.taken) == len({one["reference"] for one in server.taken})
    with read_transaction(parts.engine) as connection:
        ended = connection.execute(select(tables.outbox.c.state, tables.outbox.c.last_error)).all()
        tasks = connection.execute(select(tables.notices.c.recipient).where(tables.notices.c.event == "mail_undelivered")).all()
    assert Counter(ended) == {("sent", None): sent, ("dead", "GOV.UK Notify refused the address"): 1}
    assert tasks == [(0,)]
