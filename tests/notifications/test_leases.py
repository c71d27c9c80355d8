"""An email is worked on by the worker that holds its lease, and by no other."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from notifications import outbox
from tests.factories import NOW, World, an_audit
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import read_transaction

LATER = NOW + outbox.LEASE + timedelta(seconds=1)


def stored(council: Council) -> list[tuple[Any, ...]]:
    with read_transaction(council.engine) as connection:
        return [tuple(row) for row in connection.execute(select(tables.outbox).order_by(tables.outbox.c.id))]


def test_a_worker_whose_lease_has_passed_to_another_changes_nothing(council: Council, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    rules = council.worker_context.notification_rules
    [first, *_] = outbox.claim(council.engine, "first", NOW, rules)
    assert outbox.claim(council.engine, "second", LATER, rules)[0][0].id == first[0].id
    before = stored(council)
    assert not outbox.renew_lease(council.engine, first, LATER, "<an-id@localhost>", "somebody@demo.example", b"an email")
    outbox.mark_failed(council.engine, first, "the server is unavailable", LATER)
    outbox.mark_cancelled(council.engine, first)
    outbox.mark_dead(council.engine, first, "refused", LATER)
    outbox.release(council.engine, [first])
    assert stored(council) == before


def test_a_lease_that_has_not_ended_is_nobody_elses(council: Council, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    rules = council.worker_context.notification_rules
    held = {row.id for email in outbox.claim(council.engine, "first", NOW, rules) for row in email}
    others = {row.id for email in outbox.claim(council.engine, "second", NOW + outbox.LEASE / 2, rules) for row in email}
    assert held
    assert held.isdisjoint(others)
