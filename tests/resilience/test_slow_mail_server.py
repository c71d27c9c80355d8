"""A mail server takes longer than a lease lasts, and another worker looks meanwhile: nobody gets a copy."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Condition
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event, select

from notifications import outbox
from notifications.channels.smtp import SmtpChannel
from notifications.delivery import lease_keeper
from notifications.delivery.sender import deliver
from tests.factories import NOW, a_council, a_world, an_audit
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.support.postgres import a_council_on_postgresql
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import read_transaction

MUCH_LATER = NOW + 3 * outbox.LEASE


class Clock:
    """Set by hand; every commit is announced."""

    def __init__(self, council: Council) -> None:
        self.council, self.now, self.committed = council, NOW, Condition()
        event.listen(council.engine, "commit", lambda _: self._announce())

    def _announce(self) -> None:
        with self.committed:
            self.committed.notify_all()

    def wait_for_a_renewed_lease(self) -> None:
        with self.committed:
            assert self.committed.wait_for(self._is_renewed, timeout=20)

    def _is_renewed(self) -> bool:
        is_renewed = select(tables.outbox.c.id).where(tables.outbox.c.leased_until > self.now)
        with read_transaction(self.council.engine) as connection:
            return connection.execute(is_renewed).first() is not None


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def council(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Council]:
    if request.param == "postgresql":
        with a_council_on_postgresql(tmp_path, tmp_path_factory.getbasetemp() / "postgres") as made:
            yield made
    else:
        made = a_council(tmp_path / "var")
        yield made
        made.engine.dispose()


def states(council: Council) -> set[tuple[Any, ...]]:
    with read_transaction(council.engine) as connection:
        return {tuple(row) for row in connection.execute(select(tables.outbox.c.state, tables.outbox.c.leased_until))}


def test_two_workers_and_a_slow_server_send_no_copy(
    council: Council, faulty_smtp: FaultySmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_keeper, "RENEW_EVERY", timedelta(milliseconds=20))
    an_audit(a_world(council), "shared", grade="inadequate")
    clock = Clock(council)

    def work(name: str) -> int:
        channel = SmtpChannel(urlsplit(faulty_smtp.url), council.settings.mail_from)
        try:
            return deliver(council.worker_context, channel, name, lambda: clock.now)
        finally:
            channel.close()

    faulty_smtp.holds_next = True
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(work, "slow")
        assert faulty_smtp.is_holding.wait(20)
        clock.now = MUCH_LATER
        clock.wait_for_a_renewed_lease()
        others = work("other")
        faulty_smtp.may_answer.set()
        waited = slow.result(20)
    faulty_smtp.wait_until_quiet()
    copies = faulty_smtp.copies()
    assert (waited, others) == (1, len(copies) - 1), "what the slow worker had not begun was sent by the other"
    assert others > 3
    assert set(copies.values()) == {1}
    assert states(council) == {("sent", None)}
