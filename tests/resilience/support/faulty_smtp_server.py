"""A real SMTP server that knows when nobody is connected to it any more, and that can be troubled in every way a server can."""

import asyncio
import re
import threading
from asyncio import BaseTransport, Event
from collections import Counter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.notifications.support.smtp_server import SmtpServer

MESSAGE_ID = re.compile(rb"^Message-ID:\s+(\S+)", re.MULTILINE)


class FaultySmtpServer(SmtpServer):
    def __init__(self) -> None:
        super().__init__()
        self.open = 0
        self.trouble = ""
        """“hangs”, “421 at connect”, “421 to DATA”, “drops after DATA”, “drops after the dot”, or none."""
        self.changed = threading.Condition()
        self.holds_next = False
        """The next email is answered only when `may_answer` is set; `is_holding` says that it is here."""
        self.is_holding, self.may_answer = threading.Event(), threading.Event()
        self.controller.loop.close()
        self.controller = Counting(self, hostname="127.0.0.1", port=self.controller.port)

    def count(self, by: int) -> None:
        with self.changed:
            self.open += by
            self.changed.notify_all()

    def wait_until_quiet(self) -> None:
        """Wait until everything sent to it is read: each client has disconnected or was cut off."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.open == 0, timeout=20)

    def is_well(self) -> None:
        """Regardless of its earlier replies."""
        self.trouble, self.answers, self.after_data = "", lambda to, tries: None, lambda to, tries: None

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.holds_next:
            self.holds_next = False
            self.is_holding.set()
            await asyncio.to_thread(self.may_answer.wait, 20)
        answer = await super().handle_DATA(server, session, envelope)
        if self.trouble == "drops after the dot":
            server._writer.close()
        return answer

    def forget(self) -> None:
        self.wait_until_quiet()
        self.taken.clear()
        self.tried.clear()

    def in_order(self) -> list[str]:
        """Message-IDs as they came."""
        return [_ident(body) for _, body in list(self.taken)]

    def copies(self) -> Counter[str]:
        """By Message-ID; raises AssertionError where two copies of one are not the same bytes to the same address."""
        taken = [(_ident(body), to, body) for to, body in list(self.taken)]
        assert len(set(taken)) == len({ident for ident, _, _ in taken}), "two copies of a mail differ"
        return Counter(ident for ident, _, _ in taken)


def _ident(body: bytes) -> str:
    found = MESSAGE_ID.search(body)
    assert found
    return found[1].decode()


class Counting(Controller):
    def factory(self) -> SMTP:
        return Heard(self.handler, **self.SMTP_kwargs)


class Heard(SMTP):
    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._office.count(1)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._office.count(-1)

    async def _handle_client(self) -> None:
        if self._office.trouble == "hangs":
            try:
                await Event().wait()
            finally:
                self._writer.close()
        elif self._office.trouble == "421 at connect":
            await self.push("421 too busy")
            self._writer.close()
        else:
            await super()._handle_client()

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self._office.trouble == "421 to DATA":
            await self.push("421 closing")
            self._writer.close()
        elif self._office.trouble == "drops after DATA":
            await self.push("354 go on")
            self._writer.close()
        else:
            await super().smtp_DATA(arg)

    @property
    def _office(self) -> FaultySmtpServer:
        office: FaultySmtpServer = self.event_handler
        return office
