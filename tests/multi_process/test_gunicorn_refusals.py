"""What the web server of several processes refuses before the application sees it, and which client headers it trusts."""

import socket

import pytest

from tests.multi_process.processes import Machines, Web
from web.request.limits import MAX_BYTES

FULL = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
REFUSED = [
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nquill feather: 1\r\n\r\n", 400), (b"quillfeather\r\n\r\n", 400),
    (b"GET /" + b"quillfeather" * 1000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414), (FULL + b"X: " + b"quillfeather" * 1000 + b"\r\n\r\n", 431),
    (FULL + b"".join(b"X-%d: quillfeather\r\n" % n for n in range(200)) + b"\r\n", 431),
    (FULL + b"Transfer-Encoding: quillfeather\r\n\r\n", 501), (FULL + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (FULL.replace(b"GET /", b"POST /sign-in") + b"Content-Length: %d\r\n\r\n" % (MAX_BYTES * 3), 413),
]  # fmt: skip
pytestmark = pytest.mark.postgres


def said(web: Web, raw: bytes) -> tuple[int, bytes, bytes]:
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as connection:
        connection.sendall(raw)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


@pytest.mark.parametrize(("raw", "status"), REFUSED, ids=range(len(REFUSED)))
def test_a_request_refused_by_the_server_reveals_as_little_as_any_answer(
    webs: list[Web], machines: Machines, raw: bytes, status: int
) -> None:
    got, head, body = said(webs[0], raw)
    assert got == status, body[:300]
    assert b"content-security-policy: " in head
    assert b"cache-control: no-store" in head
    for word in (b"gunicorn", b"python", b"quill"):
        assert word not in (head + body).lower()
    assert "quill" not in machines.said()


@pytest.mark.parametrize(
    "header", [b"X-Forwarded-Proto: https", b"X-Forwarded-Host: evil.example", b"X-Forwarded-For: 1.2.3.4", b"Script-Name: /x"]
)
def test_proxy_headers_are_not_trusted_without_a_proxy(webs: list[Web], header: bytes) -> None:
    status, head, _ = said(webs[0], FULL + header + b"\r\n\r\n")
    assert (status, b"location: /sign-in\r\n" in head or b"location: /sign-in" in head) == (302, True), head
    assert b"secure" not in head.partition(b"set-cookie")[2].partition(b"\r\n")[0]
