"""TLS and passwords: which servers get an email, and nothing is sent unencrypted if TLS is configured."""

from pathlib import Path

import pytest

from tests.notifications.support.certificates import a_certificate
from tests.notifications.support.misbehaving_smtp_server import DROP
from tests.notifications.support.send_one import IDENT, TO, Making, an_email, refused, sending, serving
from tests.web.support.log_capture import every_line

STARTTLS = "250-rude\r\n250 STARTTLS"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_an_email_goes_by_tls_to_a_trusted_server(tls: str, certificate: Path) -> None:
    with serving(tls, certificate) as server, sending(server.url, certificate) as channel:
        channel.send(TO, IDENT, an_email())
        channel.send(TO, IDENT, an_email())
        assert [body for _, body in server.taken] == [an_email()] * 2
        assert server.is_secure == [True, True]


def test_a_certificate_trusted_by_this_machine_is_trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving("starttls", certificate) as server, sending(server.url) as channel:
        channel.send(TO, IDENT, an_email())
        assert server.is_secure == [True]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_nothing_is_sent_to_an_untrusted_server(tls: str, certificate: Path) -> None:
    with serving(tls, certificate) as server, sending(server.url) as channel:
        assert refused(channel) == "the mail server’s certificate is not trusted; nothing was sent"
        assert (server.taken, server.is_secure) == ([], [])


@pytest.mark.parametrize(
    ("tls", "says"),
    [
        ("starttls", {}), ("starttls", {"EHLO": STARTTLS, "STARTTLS": "454 not now"}), ("starttls", {"EHLO": STARTTLS, "STARTTLS": "220 go on"}),
        ("implicit", {}),
    ],
)  # fmt: skip
def test_nothing_is_sent_unencrypted_if_tls_is_configured(tls: str, says: dict[str, str], rude: Making, certificate: Path) -> None:
    server = rude({0: says})
    with sending(server.url(tls).replace("//", "//audit:hunter2-pass@"), certificate) as channel:
        assert refused(channel).endswith("does not offer TLS as MAIL_URL requires; nothing was sent unencrypted")
    assert not [line for line in server.heard if line.startswith(("AUTH", "MAIL", "RCPT", "DATA")) or "hunter2" in line]
    assert not server.taken


def test_a_right_password_works_and_a_wrong_one_fails_no_email_for_good(certificate: Path) -> None:
    with serving("starttls", certificate, password="hunter2:p@ss") as server:
        with sending(server.url.replace("//", "//audit:wrong-pass@"), certificate) as channel, every_line() as lines:
            assert refused(channel) == "the mail server does not accept the user and password of MAIL_URL"
            assert not [line for line in (*lines, repr(channel)) if "wrong-pass" in line]
        with sending(server.url, certificate) as channel:
            assert refused(channel) == "the mail server answered 530 5.7.0"
        with sending(server.url.replace("//", "//audit:hunter2%3Ap%40ss@"), certificate) as channel:
            channel.send(TO, IDENT, an_email())
        assert len(server.taken) == 1


def test_a_password_is_not_sent_to_a_server_that_does_not_ask_for_one(rude: Making) -> None:
    server = rude({})
    with sending(server.url().replace("//", "//audit:hunter2@")) as channel:
        assert refused(channel) == "the mail server does not accept the user and password of MAIL_URL"
    assert not [line for line in server.heard if line.startswith("AUTH")]


def test_a_server_that_disconnects_during_sign_in_is_tried_again(rude: Making) -> None:
    server = rude({1: {"EHLO": "250-rude\r\n250 AUTH PLAIN", "AUTH": DROP}, 2: {"EHLO": "250-rude\r\n250 AUTH PLAIN", "AUTH": "235 hello"}})
    with sending(server.url().replace("//", "//audit:hunter2@")) as channel:
        assert refused(channel) == "the mail server closed the connection"
        channel.send(TO, IDENT, an_email())
    assert len(server.taken) == 1
