"""SMTP against servers that misbehave at each point: what is tried again, what fails permanently, and which connection the next email uses."""

from email import message_from_bytes, policy

import pytest

from notifications.channels import PermanentFailure, TemporaryFailure
from notifications.channels.smtp_replies import Reply
from tests.notifications.support.misbehaving_smtp_server import DOT, DROP, GREETING, HANG, MIDDLE
from tests.notifications.support.send_one import IDENT, TO, Making, an_email, refused, sending, serving
from tests.notifications.support.smtp_server import free_port
from workflow.mailboxes import with_plain_domain


def test_an_unavailable_server_is_tried_again() -> None:
    with sending(f"smtp://127.0.0.1:{free_port()}?tls=none") as channel:
        assert refused(channel) == "the mail server can’t be reached: ConnectionRefusedError"


# Where it goes wrong, what the server does there, the stored reason, and how many emails it has nevertheless.
WRONG = [
    (GREETING, HANG, "the mail server does not answer", 0), ("EHLO", HANG, "the mail server does not answer", 0),
    ("MAIL", HANG, "the mail server does not answer", 0), (DOT, HANG, "the mail server does not answer", 1),
    (GREETING, "421 4.3.2 too busy", "the mail server answered 421 4.3.2", 0), (GREETING, "554 not here", "the mail server answered 554", 0),
    (GREETING, DROP, "the mail server closed the connection", 0), ("EHLO", DROP, "the mail server closed the connection", 0),
    ("MAIL", DROP, "the mail server closed the connection", 0), ("RCPT", DROP, "the mail server closed the connection", 0),
    ("DATA", DROP, "the mail server closed the connection", 0), (MIDDLE, DROP, "the mail server closed the connection", 0),
    (DOT, DROP, "the mail server closed the connection", 1), ("MAIL", "421 4.4.2 closing", "the mail server answered 421 4.4.2", 0),
    ("RCPT", "421 closing", "the address was refused with 421", 0), (DOT, "421 closing", "the mail server answered 421", 1),
    ("MAIL", "nonsense", "the mail server answered -1", 0),
    # About the sender or the whole session.
    ("MAIL", "451 4.3.0 later", "the mail server answered 451 4.3.0", 0), ("MAIL", "530 5.7.0 sign in first", "the mail server answered 530 5.7.0", 0),
    ("MAIL", "535 5.7.8 not you", "the mail server answered 535 5.7.8", 0), ("MAIL", "550 no", "the mail server answered 550", 0),
    ("MAIL", "552 5.3.4 too big", "the mail server answered 552 5.3.4", 0), ("MAIL", "553 5.1.7 bad sender", "the mail server answered 553 5.1.7", 0),
    ("MAIL", "554 5.7.1 not from you", "the mail server answered 554 5.7.1", 0), ("DATA", "554 no", "the mail server answered 554", 0),
    (DOT, "451 4.7.1 greylisted", "the mail server answered 451 4.7.1", 0), (DOT, "550 5.7.1 looks like spam", "the mail server answered 550 5.7.1", 0),
    (DOT, "554 no", "the mail server answered 554", 0), (DOT, "552 5.2.2 full", "the mail server answered 552 5.2.2", 0),
]  # fmt: skip


@pytest.mark.parametrize(("point", "does", "reason", "had"), WRONG)
def test_what_is_not_about_the_address_is_tried_again(point: str, does: str, reason: str, had: int, rude: Making) -> None:
    server = rude({1: {point: does}})
    with sending(server.url()) as channel:
        assert refused(channel) == reason
        assert len(server.taken) == had
        channel.send(TO, IDENT, an_email())
        # Once for the try whose outcome was unknown, and the same again.
        assert server.taken == [server.taken[-1]] * (had + 1)


@pytest.mark.parametrize("reply", ["550 5.1.1 no such user", "554 5.1.1 no such user", "550 5.2.1 closed"])
def test_an_address_may_be_refused_for_good_even_after_the_data(reply: str, rude: Making) -> None:
    with sending(rude({0: {DOT: reply}}).url()) as channel, pytest.raises(PermanentFailure, match=reply[:9]):
        channel.send(TO, IDENT, an_email())


OF_THE_ADDRESS = (
    "550 no such user", "550 5.1.1 no such user", "550-5.1.1 gone\r\n550 5.1.1 for good", "551 not ours", "553 no such name", "501 5.1.3 bad address",
    "556 5.1.10 takes no mail", "550 5.2.1 mailbox closed", "550 5.4.1 recipient address rejected: access denied", "550 5.0.0 no",
)  # fmt: skip
OF_ANYTHING_ELSE = (
    "450 later", "450 5.1.1 later", "450 4.2.1 later", "451 4.7.1 greylisted", "452 4.2.2 full", "552 5.2.2 full", "552 too much", "503 RCPT before MAIL", "530 sign in first",
    "550 5.7.1 relaying denied", "554 5.7.1 relay access denied", "550 relay not permitted", "550 sender verify failed", "550 5.1.8 sender’s domain not found",
    "553 5.7.1 sender not owned by user", "550 authentication required", "554 no", "550 5.7.606 access denied, banned sending address",
)  # fmt: skip


def test_which_refusals_of_a_recipient_are_for_good(rude: Making) -> None:
    for replies, kind in ((OF_THE_ADDRESS, PermanentFailure), (OF_ANYTHING_ELSE, TemporaryFailure)):
        for reply in replies:
            with (
                sending(rude({0: {"RCPT": reply}}).url()) as channel,
                pytest.raises(kind, match=f"^the address was refused with {reply[:3]}"),
            ):
                channel.send(TO, IDENT, an_email())
    print(f"{len(OF_THE_ADDRESS)} refusals for good, {len(OF_ANYTHING_ELSE)} for now")


def test_a_positive_reply_is_not_about_the_address() -> None:
    assert not Reply(250, b"5.1.1").is_about_the_address(at_recipient=True)


@pytest.mark.parametrize(("reply", "kind"), [("450 later", TemporaryFailure), ("550 5.1.1 no such user", PermanentFailure)])
def test_a_refused_email_stops_no_other_on_the_same_connection(reply: str, kind: type[Exception]) -> None:
    with serving() as server, sending(server.url) as channel:
        server.answers = lambda to, tries: reply if to.startswith("nobody") else None
        for to in ("nobody@demo.example", TO, "nobody@demo.example", "qaro@demo.example"):
            if to.startswith("nobody"):
                with pytest.raises(kind):
                    channel.send(to, IDENT, an_email())
            else:
                channel.send(to, IDENT, an_email())
        assert [to for to, _ in server.taken] == [TO, "qaro@demo.example"]
        assert server.connections == 1


def test_a_server_that_disconnects_after_refusing_gets_the_next_email_by_a_new_connection(rude: Making) -> None:
    server = rude({1: {"RCPT": "450 later", "RSET": DROP}, 2: {"RCPT": "450 later", "RSET": "500 what"}})
    with sending(server.url()) as channel:
        for _ in range(2):
            assert refused(channel) == "the address was refused with 450"
        channel.send(TO, IDENT, an_email())
        server.hang_up()
    assert (len(server.taken), server.connections) == (1, 3)


def test_a_server_without_extensions_is_sent_none(rude: Making) -> None:
    server = rude({0: {"EHLO": "502 what", "HELO": "250 rude"}})
    with sending(server.url()) as channel:
        channel.send(TO, IDENT, an_email())
    assert "MAIL FROM:<practice.audit@demo.example>" in server.heard


@pytest.mark.parametrize("offers", [{"EHLO": "502 what", "HELO": "250 rude"}, {"EHLO": "250-rude\r\n250 SIZE 1000000"}])
def test_a_server_that_takes_seven_bits_only_is_sent_seven(rude: Making, offers: dict[str, str]) -> None:
    server = rude({0: offers})
    with sending(server.url()) as channel:
        channel.send(TO, IDENT, an_email())
        channel.send(TO, IDENT, an_email())
    first, again = server.taken
    assert first.isascii()
    assert first == again
    sent, stored = (message_from_bytes(body, policy=policy.default) for body in (first, an_email()))
    assert "BODY=8BITMIME" not in " ".join(server.heard)
    # The server stores the dot as it came: doubled.
    assert sent.get_content().replace("\n..", "\n.").splitlines() == stored.get_content().splitlines()
    assert all(sent[name] == stored[name] for name in ("From", "To", "Subject", "Message-ID"))


def test_the_same_bytes_arrive_as_were_stored() -> None:
    with serving() as server, sending(server.url) as channel:
        channel.send(TO, IDENT, an_email())
        assert server.taken == [(TO, an_email())]
        assert server.options == ["BODY=8BITMIME", f"SIZE={len(an_email())}"]


def test_a_connection_closed_while_idle_is_opened_again_at_once(rude: Making) -> None:
    server = rude({})
    with sending(server.url()) as channel:
        channel.send(TO, IDENT, an_email())
        server.hang_up()
        channel.send(TO, IDENT, an_email())
        channel.send(TO, IDENT, an_email())
    assert (len(server.taken), server.connections) == (3, 2)


def test_a_server_that_ends_an_idle_connection_gets_the_email_by_a_new_one(rude: Making) -> None:
    server = rude({1: {"NOOP": "250 OK"}})
    with sending(server.url()) as channel:
        channel.send(TO, IDENT, an_email())
        server.open[0].sendall(b"421 4.4.2 timeout exceeded\r\n")
        server.hang_up()
        channel.send(TO, IDENT, an_email())
    assert (len(server.taken), server.connections) == (2, 2)


def test_only_where_nothing_was_sent_is_a_second_connection_tried_at_once(rude: Making) -> None:
    server = rude({0: {DOT: DROP}})
    with sending(server.url()) as channel:
        refused(channel)
        assert (len(server.taken), server.connections) == (1, 1)
    falls_silent = rude({})
    with sending(falls_silent.url()) as channel:
        channel.send(TO, IDENT, an_email())
        falls_silent.says = {0: {"MAIL": HANG}}
        assert refused(channel) == "the mail server does not answer"
        assert falls_silent.connections == 1


def test_a_non_ascii_address_needs_a_server_with_smtputf8(rude: Making) -> None:
    to = "zoë@bücher.example"
    with serving() as server, sending(server.url) as channel:
        channel.send(to, IDENT, an_email(to))
        assert server.taken == [("zoë@xn--bcher-kva.example", an_email(to))]
        assert "SMTPUTF8" in server.options
    plain = rude({})
    with sending(plain.url()) as channel:
        with pytest.raises(PermanentFailure, match=r"^the mail server does not accept an address with such letters$"):
            channel.send(to, IDENT, an_email(to))
        channel.send("zoe@bücher.example", IDENT, an_email())
    assert "RCPT TO:<zoe@xn--bcher-kva.example>" in plain.heard
    assert plain.connections == 1
    assert with_plain_domain(f"zoe@{'ü' * 80}.example") == f"zoe@{'ü' * 80}.example", "no name of a domain: the mail server is to say so"
