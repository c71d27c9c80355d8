"""A browser, with next to no time of its own: one kept connection, one session, and the token that its forms carry."""

import re
import socket
from urllib.parse import urlencode

HIDDEN = re.compile(r'name="(csrf\w*)"[^>]*value="([^"]+)"')
COOKIE = re.compile(r"(?mi)^Set-Cookie: ([^;\r]+)")
LENGTH = re.compile(r"(?mi)^Content-Length: (\d+)")


class Browser:
    def __init__(self, port: int, cookie: str = "") -> None:
        self.cookie, self.form = cookie, dict[str, str]()
        self._host = f"127.0.0.1:{port}"
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def opened(self, path: str) -> str:
        """Load a page, and remember the token of its forms for the next."""
        status, page = self.answered(self.written("GET", path))
        assert status == 200, f"{path}: {status}"
        self.form = dict(HIDDEN.findall(page)) or self.form
        return page

    def posted(self, path: str, typed: dict[str, str]) -> int:
        return self.answered(self.written("POST", path, typed))[0]

    def written(self, method: str, path: str, typed: dict[str, str] | None = None) -> bytes:
        """A request as it goes over the line."""
        body = urlencode(self.form | (typed or {})) if method == "POST" else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nCookie: {self.cookie}\r\nUser-Agent: bench\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def answered(self, request: bytes) -> tuple[int, str]:
        self._socket.sendall(request)
        read = b""
        while b"\r\n\r\n" not in read:
            read += self._more()
        head, _, body = read.partition(b"\r\n\r\n")
        said = head.decode()
        length = LENGTH.search(said)
        assert length, said
        while len(body) < int(length[1]):
            body += self._more()
        if cookie := COOKIE.search(said):
            self.cookie = cookie[1]
        return int(said.split(None, 2)[1]), body.decode()

    def _more(self) -> bytes:
        if not (part := self._socket.recv(65536)):
            raise ConnectionResetError
        return part

    def close(self) -> None:
        self._socket.close()
