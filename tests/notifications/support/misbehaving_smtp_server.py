"""An SMTP server that misbehaves at one point of the conversation, and otherwise accepts every email."""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from io import BufferedRWPair

DROP, HANG = "drop", "hang"
GREETING, MIDDLE, DOT = "greeting", "middle", "dot"
OFFERS = "250-rude\r\n250-SIZE 1000000\r\n250 8BITMIME"
TAKES = {GREETING: "220 rude", "EHLO": OFFERS, "DATA": "354 go on", "QUIT": "221 bye"}


class MisbehavingSmtpServer:
    """`says` gives, by verb or point, a reply, DROP or HANG: once on the n-th connection, counted from 1, or always by 0."""

    def __init__(self, says: Mapping[int, Mapping[str, str]]) -> None:
        self.says = says
        self.heard: list[str] = []
        self.taken: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.open: list[socket.socket] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def url(self, tls: str = "none") -> str:
        return f"smtp://127.0.0.1:{self.listening.getsockname()[1]}?tls={tls}"

    def stop(self) -> None:
        self.stopping.set()
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        for one in self.open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()

    def hang_up(self) -> None:
        """As a server does with a connection that was idle for too long."""
        self.open[-1].shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                self.connections += 1
                self.open.append(client)
                says = dict(self.says.get(self.connections, {}))
                self.threads.append(threading.Thread(target=self._talk, args=(client, says), daemon=True))
                self.threads[-1].start()

    def _talk(self, client: socket.socket, says: dict[str, str]) -> None:
        with suppress(OSError), client, client.makefile("rwb") as lines:
            goes_on = self._replies(lines, says, GREETING)
            while goes_on and (line := lines.readline()):
                verb, _, rest = line.decode("latin-1").strip().partition(" ")
                self.heard.append(f"{verb.upper()} {rest}".strip())
                awaits_email = verb.upper() == "DATA" and not self._does(says, "DATA")
                goes_on = self._replies(lines, says, verb.upper()) and (not awaits_email or self._reads_an_email(lines, says))

    def _reads_an_email(self, lines: BufferedRWPair, says: dict[str, str]) -> bool:
        received = b""
        while (line := lines.readline()) not in {b".\r\n", b""}:
            received += line
            if self._does(says, MIDDLE):
                return self._replies(lines, says, MIDDLE)
        # A server that drops or closes the connection after the dot has the email nevertheless.
        if not (self._does(says, DOT) or "250 OK").startswith(("45", "5")):
            self.taken.append(received)
        return self._replies(lines, says, DOT)

    def _does(self, says: dict[str, str], point: str) -> str | None:
        return says.get(point, self.says.get(0, {}).get(point))

    def _replies(self, lines: BufferedRWPair, says: dict[str, str], point: str) -> bool:
        """Whether the conversation goes on."""
        reply = self._does(says, point) or TAKES.get(point, "250 OK")
        says.pop(point, None)
        if reply == HANG:
            self.stopping.wait()
        if reply in {HANG, DROP}:
            return False
        lines.write(reply.encode() + b"\r\n")
        lines.flush()
        return not reply.startswith("421") and point != "QUIT"
