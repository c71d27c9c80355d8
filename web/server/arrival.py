"""One request while it comes in: where it ends, how long it may take, and its bytes, for a thread to read once they are all here."""

import re
import time
from tempfile import SpooledTemporaryFile

HEAD_SECONDS, LONGEST_SECONDS = 20.0, 300.0
# A body may take longer the more of it has come in, so that one byte a second is not enough.
SLOWEST_BYTES_A_SECOND = 4096
MOST_HEAD_BYTES = 64 * 1024
MOST_BYTES_IN_MEMORY = 64 * 1024
MOST_LINE_BYTES = 8190
CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*(?=\r\n)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked[ \t]*(?=\r\n)", re.IGNORECASE)
FRAMING = re.compile(rb"content-length|transfer-encoding", re.IGNORECASE)
SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(;[^\r\n]*)?\r\n")


class Arrival:
    """`is_whole` where everything up to the end of the request has come in; `rest` is what came after it.

    `may_go_on` is false where another request on this connection can’t be told from this one.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.began = time.monotonic()
        self.head, self.body_bytes = bytearray(), 0
        self.body = SpooledTemporaryFile(max_size=MOST_BYTES_IN_MEMORY)  # noqa: SIM115 (closed once the request is answered)
        self.left: int | None = None
        self.chunks: ChunkedBody | None = None
        self.has_head = self.is_whole = self.is_head_too_large = self.waits_to_go_on = False
        self.may_go_on = True
        self.rest = b""

    @property
    def is_over(self) -> bool:
        """Whether a thread can answer it: it is complete, or never will be."""
        return self.is_whole or not self.may_go_on

    @property
    def deadline(self) -> float:
        return self.began + min(HEAD_SECONDS + self.body_bytes / SLOWEST_BYTES_A_SECOND, LONGEST_SECONDS)

    def receive(self, data: bytes) -> None:
        if not self.has_head:
            data = self._receive_head(data)
        if self.has_head and not self.is_over:
            self._receive_body(data)
        elif self.is_whole:
            self.rest += data

    def end(self) -> None:
        """The client sends no more."""
        self.may_go_on = False
        self.body.seek(0)

    def recv(self, size: int) -> bytes:
        """Read on, as from a socket; b"" at the end."""
        if self.head:
            read, self.head = bytes(self.head[:size]), self.head[size:]
            return read
        return self.body.read(size)

    def _receive_head(self, data: bytes) -> bytes:
        searched = max(0, len(self.head) - 3)
        self.head += data
        end = self.head.find(b"\r\n\r\n", searched)
        if end < 0:
            self.is_head_too_large = len(self.head) > MOST_HEAD_BYTES
            self.may_go_on = not self.is_head_too_large
            return b""
        self.has_head, rest = True, bytes(self.head[end + 4 :])
        del self.head[end + 4 :]
        self._read_framing(bytes(self.head))
        return rest

    def _read_framing(self, head: bytes) -> None:
        """Only what is plain: whatever else there is, gunicorn refuses, or the connection is closed afterwards."""
        lengths, is_chunked, named = LENGTH.findall(head), bool(CHUNKED.search(head)), len(FRAMING.findall(head))
        if is_chunked and named == 1:
            self.chunks = ChunkedBody()
        elif named == len(lengths) <= 1:
            self.left = int(lengths[0]) if lengths else 0
            self.is_whole = self.left == 0
            self.may_go_on = self.left <= self.most_bytes
        else:
            self.may_go_on = False
        self.waits_to_go_on = not self.is_over and bool(CONTINUE.search(head))

    def _receive_body(self, data: bytes) -> None:
        end = self.chunks.find_end(data) if self.chunks else self._end_by_length(data)
        body = data if end is None else data[:end]
        self.body.write(body)
        self.body_bytes += len(body)
        self.is_whole = end is not None
        self.rest = data[len(body) :]
        self.may_go_on = self.body_bytes <= self.most_bytes and not (self.chunks and self.chunks.is_malformed)
        if self.is_over:
            self.body.seek(0)

    def _end_by_length(self, data: bytes) -> int | None:
        assert self.left is not None
        self.left, wanted = self.left - len(data), self.left
        return wanted if self.left <= 0 else None


class ChunkedBody:
    """Finds where a chunked body ends (RFC 9112, section 7.1), and keeps none of it."""

    def __init__(self) -> None:
        self.to_skip, self.line = 0, b""
        self.is_in_trailers = self.is_malformed = False

    def find_end(self, data: bytes) -> int | None:
        """The index after its last byte, or None where that is yet to come."""
        at = 0
        while at < len(data) and not self.is_malformed:
            if self.to_skip:
                step = min(self.to_skip, len(data) - at)
                self.to_skip, at = self.to_skip - step, at + step
            elif (end := data.find(b"\n", at) + 1) == 0:
                self.line += data[at:]
                self.is_malformed = len(self.line) > MOST_LINE_BYTES
                break
            else:
                line, self.line, at = self.line + data[at:end], b"", end
                if self._read_line(line):
                    return at
        return None

    def _read_line(self, line: bytes) -> bool:
        """Whether it is the last."""
        if self.is_in_trailers:
            return line == b"\r\n"
        size = SIZE_LINE.fullmatch(line)
        self.is_malformed = size is None
        length = int(size[1], 16) if size else 0
        self.is_in_trailers = not length
        # The line break after it.
        self.to_skip = length + 2 if length else 0
        return False
