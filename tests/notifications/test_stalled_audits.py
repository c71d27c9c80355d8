"""An audit that nobody can move on is told once, then weekly, to somebody who can arrange who goes on."""

from datetime import timedelta

import pytest

from notifications.scheduling.sweep import sweep
from tests.factories import TODAY, World, an_audit
from tests.notifications.support.outbox_assertions import in_london, leaves, sent_notices
from web.council import Council
from workflow.commands import assignments
from workflow.commands.audit_view import see
from workflow.errors import NotFound
from workflow.storage.engine import read_transaction
from workflow.storage.tables import audits
from workflow.storage.visibility import VisibilityFilter


def told_on(council: Council, first: int, last: int) -> list[tuple[int, str]]:
    """After a look on each of these days: when, and who."""
    for day in range(first, last + 1):
        sweep(council.worker_context, in_london(TODAY + timedelta(days=day)))
    return [((one.day - TODAY).days, one.who) for one in sent_notices(council, "audit_stands_still")]


def test_it_is_told_within_a_day_and_then_weekly_until_somebody_can_go_on(council: Council, world: World) -> None:
    reference = an_audit(world, at="graded")
    assert told_on(council, 0, 1) == []
    leaves(world, "auditor")
    assert told_on(council, 2, 17) == [(2, "QA inbox"), (9, "QA inbox"), (16, "QA inbox")]
    assignments.allocate(world.command_context(), world.person("qa"), reference, "auditor2@demo.example")
    assert len(told_on(council, 18, 30)) == 3
    leaves(world, "auditor2")
    assert told_on(council, 31, 31)[3:] == [(31, "QA inbox")], "another stop is told at once"


@pytest.mark.parametrize(("also", "who"), [((), "hos.ppqa"), (("hos.ppqa",), "director.safeguarding")])
def test_without_anybody_of_qa_the_hos_is_told_and_can_go_on(council: Council, world: World, also: tuple[str, ...], who: str) -> None:
    reference = an_audit(world, at="graded")
    for name in ("auditor", "qa", *also):
        with pytest.raises(NotFound):
            see(world.command_context(), world.person(who), reference)
        leaves(world, name)
    leaves(world, "qa2")
    assert told_on(council, 1, 1) == [(1, "QA inbox"), (1, who)]
    reader = VisibilityFilter(world.person(who), world.command_context().directory, world.command_context().permissions)
    with read_transaction(council.engine) as connection:
        assert connection.execute(audits.select().where(reader.permitted("know"))).first() is not None
    after = assignments.allocate(world.command_context(), world.person(who), reference, "auditor2@demo.example")
    assert after.auditor_id == world.person("auditor2").id


def test_an_audit_that_must_be_moderated_has_stalled_without_a_moderator(council: Council, world: World) -> None:
    an_audit(world, at="shared", grade="inadequate")
    leaves(world, "moderator")
    assert told_on(council, 1, 1) == []
    leaves(world, "moderator2")
    assert told_on(council, 2, 2) == [(2, "QA inbox")]
