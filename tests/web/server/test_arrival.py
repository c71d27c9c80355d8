"""Where a request ends, whatever pieces it comes in."""

import pytest

from web.server import arrival
from web.server.arrival import Arrival

NEXT = b"GET /next HTTP/1.1\r\n\r\n"
PLAIN = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
WITH_LENGTH = b"POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\nhello\r\n\r\n=1"
CHUNKED = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\nA ;x=y\r\n0123456789\r\n0\r\n"
WHOLE = [
    PLAIN,
    WITH_LENGTH,
    WITH_LENGTH.replace(b"Content-Length", b"content-length"),
    CHUNKED + b"\r\n",
    CHUNKED + b"A: b\r\nC: d\r\n\r\n",
]


def everything(given: Arrival) -> bytes:
    return b"".join(iter(lambda: given.recv(7), b""))


@pytest.mark.parametrize("request_bytes", WHOLE)
@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000])
def test_a_request_ends_where_it_ends_in_whatever_pieces_it_comes(request_bytes: bytes, step: int) -> None:
    sent, one = request_bytes + NEXT, Arrival(1_000)
    for at in range(0, len(sent), step):
        assert one.is_whole == (at >= len(request_bytes))
        one.receive(sent[at : at + step])
    assert (one.is_over, one.may_go_on, everything(one), one.rest) == (True, True, request_bytes, NEXT)
    one.body.close()


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 1\r\nContent-Length: 1", b"Content-Length: 1\r\nTransfer-Encoding: chunked", b"Content-Length : 1", b"Content-Length: +1",
        b"Content-Length: 1, 1", b"X-Content-Length: 1", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
        b"Content-Length: 1001", b"Content-Length: 99999999999999", b"Content-Length: 9999999999999999999999",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_answered_at_once_and_ends_the_connection(head: bytes) -> None:
    one = Arrival(1_000)
    one.receive(b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n")
    assert (one.is_over, one.is_whole, one.may_go_on) == (True, False, False)
    one.body.close()


@pytest.mark.parametrize(
    "chunk",
    [b"x\r\n", b"+1\r\n", b"0x1\r\n", b"1_0\r\n", b"-1\r\n", b"\r\n", b"1\n", b"1" * 9 + b"\r\n", b"1" * 9_000, b"3e9\r\n" + b"x" * 1_001],
)
def test_a_chunk_that_is_malformed_or_too_large_ends_the_connection(chunk: bytes) -> None:
    one = Arrival(1_000)
    one.receive(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
    assert (one.is_over, one.may_go_on) == (True, False)
    one.body.close()


def test_a_head_without_end_is_refused() -> None:
    one = Arrival(1_000)
    one.receive(b"GET / HTTP/1.1\r\nX: " + b"x" * arrival.MOST_HEAD_BYTES)
    assert (one.is_over, one.is_head_too_large) == (True, True)
    one.body.close()


def test_a_body_may_take_longer_the_more_of_it_has_come_in() -> None:
    one = Arrival(10_000_000)
    one.receive(b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n")
    assert one.deadline - one.began == arrival.HEAD_SECONDS
    one.receive(b"x" * arrival.SLOWEST_BYTES_A_SECOND)
    assert one.deadline - one.began == arrival.HEAD_SECONDS + 1
    one.receive(b"x" * 8_000_000)
    assert one.deadline - one.began == arrival.LONGEST_SECONDS
    one.body.close()
