"""One person’s emails about one audit are sent in order; urgent ones never wait. A slow worker sends nothing twice."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from notifications import outbox
from notifications.channels import PermanentFailure, TemporaryFailure
from notifications.context import WorkerContext
from notifications.delivery.sender import deliver
from notifications.scheduling.worker import run_once
from tests.factories import NOTIFICATION_RULES, NOW, World, an_audit
from tests.notifications.support.smtp_server import SmtpServer, without_reference
from workflow.commands import audit_moves, escalations
from workflow.storage import tables
from workflow.storage.engine import read_transaction, write_transaction


def waiting(context: WorkerContext) -> list[str]:
    with read_transaction(context.engine) as connection:
        return list(connection.execute(select(tables.outbox.c.event).where(tables.outbox.c.state == "waiting")).scalars())


def to(server: SmtpServer, who: str) -> list[str]:
    return [without_reference(email) for email in server.emails() if email["To"] == f"{who}@demo.example"]


def test_a_later_email_is_not_sent_before_an_earlier_one(context: WorkerContext, world: World, server: SmtpServer) -> None:
    reference = an_audit(world, at="shared")
    server.answers = lambda to, tries: "450 later" if to.startswith("qaro") and tries == 1 else None
    run_once(context, NOW)
    world.passes(minutes=1)
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "A name is wrong.")
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    run_once(context, NOW + timedelta(seconds=30))
    assert to(server, "qaro") == [], "the first waits to be tried again, and the second waits behind it"
    run_once(context, NOW + timedelta(minutes=15))
    said = to(server, "qaro")
    assert said[0] == "An audit has been shared with you"
    assert len(said) == 2
    assert waiting(context) == []


def test_another_audit_does_not_wait(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared")
    server.answers = lambda to, tries: "450 later" if to.startswith("qaro") and tries == 1 else None
    run_once(context, NOW)
    an_audit(world, at="shared", details={"child_id": "C-2"})
    run_once(context, NOW + timedelta(seconds=1))
    assert len(to(server, "qaro")) == 1


def test_an_escalation_email_does_not_wait_for_others(context: WorkerContext, world: World, server: SmtpServer) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    with write_transaction(context.engine) as connection:
        first = select(tables.outbox.c.id).where(tables.outbox.c.event == "escalation_opened").order_by(tables.outbox.c.id).limit(1)
        first_id = connection.execute(first).scalar_one()
        # An email that can never be built comes before every other email about this audit.
        connection.execute(update(tables.outbox).where(tables.outbox.c.id != first_id).values(event="no_such_event"))
    run_once(context, NOW + timedelta(days=2))
    chased = [subject for email in server.emails() if (subject := without_reference(email)) == "Acknowledge an escalation: it is overdue"]
    assert len(chased) == 3
    escalations.acknowledge(world.command_context(), world.person("hos.ppqa"), reference)
    assert world.audit(reference).escalation


class Slow:
    """A mail server so slow that meanwhile another worker takes over what this one still holds."""

    def __init__(self, context: WorkerContext, clock: list[datetime]) -> None:
        self.context, self.clock, self.sent = context, clock, list[str]()
        self.other: list[str] = []

    def send(self, to: str, message_id: str, body: bytes) -> None:
        self.sent.append(message_id)
        if len(self.sent) == 1:
            self.clock[0] += outbox.LEASE + timedelta(seconds=1)
            deliver(self.context, Quick(self.other), "other", lambda: self.clock[0])

    def close(self) -> None: ...


class Quick:
    def __init__(self, sent: list[str]) -> None:
        self.sent = sent

    def send(self, to: str, message_id: str, body: bytes) -> None:
        self.sent.append(message_id)

    def close(self) -> None: ...


def test_a_worker_that_lost_its_lease_sends_nothing_more(context: WorkerContext, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    everything, clock = len(waiting(context)), [NOW]
    slow = Slow(context, clock)
    deliver(context, slow, "slow", lambda: clock[0])
    assert len(slow.sent) == 1
    assert len(slow.other) == everything
    assert set(slow.sent) <= set(slow.other), "the same mail under the same Message-ID"
    assert waiting(context) == []


@pytest.mark.parametrize("refusal", [PermanentFailure, TemporaryFailure])
def test_an_email_sent_by_another_worker_is_not_marked_failed(context: WorkerContext, world: World, refusal: type[Exception]) -> None:
    an_audit(world, at="shared")
    clock = [NOW]

    class RefusingInTheEnd(Slow):
        def send(self, to: str, message_id: str, body: bytes) -> None:
            super().send(to, message_id, body)
            raise refusal("so late")

    deliver(context, RefusingInTheEnd(context, clock), "slow", lambda: clock[0])
    with read_transaction(context.engine) as connection:
        assert set(connection.execute(select(tables.outbox.c.state)).scalars()) == {"sent"}
        told = select(tables.notices.c.id).where(tables.notices.c.event == "mail_undelivered")
        assert connection.execute(told).first() is None


def test_a_lease_is_renewed_before_each_email(context: WorkerContext, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    clock, sent = [NOW], list[str]()

    class HalfAMinuteEach(Quick):
        def send(self, to: str, message_id: str, body: bytes) -> None:
            super().send(to, message_id, body)
            clock[0] += timedelta(seconds=30)
            assert not [row for row in _held(context) if row.message_id == message_id and row.leased_until <= clock[0]]

    everything = len(waiting(context))
    assert deliver(context, HalfAMinuteEach(sent), "one", lambda: clock[0]) == everything == len(set(sent))


def _held(context: WorkerContext) -> list[Any]:
    with read_transaction(context.engine) as connection:
        return list(connection.execute(select(tables.outbox).where(tables.outbox.c.state == "waiting")))


def test_every_event_is_gathered_urgent_or_neither() -> None:
    assert not NOTIFICATION_RULES.gathered & NOTIFICATION_RULES.urgent


def test_an_unavailable_server_is_tried_once_for_a_batch(context: WorkerContext, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared", grade="inadequate")
    everything = len(waiting(context))
    away = replace(context, settings=replace(context.settings, mail_url="smtp://127.0.0.1:1?tls=none"))
    assert run_once(away, NOW) == 0
    assert sorted(row.attempts for row in _held(context)) == [0] * (everything - 1) + [1]
    assert run_once(context, NOW + timedelta(seconds=2)) == everything - 1, (
        "as soon as it is back; one waits to be tried again, an escalation, and none waits behind it"
    )
