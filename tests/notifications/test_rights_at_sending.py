"""No email goes to somebody who may no longer learn about its audit, and what they would have had to do goes to the person it falls to."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from notifications.context import WorkerContext
from notifications.scheduling.worker import run_once
from tests.factories import NOW, TODAY, World, an_audit, assign
from tests.notifications.support.outbox_assertions import in_london
from tests.notifications.support.smtp_server import SmtpServer
from tests.web.support.roles import leaves, now_holds
from web.council import Council
from workflow.commands import assignments
from workflow.commands.directory import connections
from workflow.storage import tables
from workflow.storage.engine import read_transaction
from workflow.working_days import next_working_day


def rows(context: WorkerContext, event: str) -> list[Any]:
    query = select(tables.outbox).where(tables.outbox.c.event == event).order_by(tables.outbox.c.id)
    with read_transaction(context.engine) as connection:
        return list(connection.execute(query))


def sent_to(context: WorkerContext, event: str) -> list[str]:
    """First parts of addresses."""
    people = context.store.directory().people
    sent = (row.recipient for row in rows(context, event) if row.state == "sent")
    return sorted(people[one].email.partition("@")[0] if one else "QA inbox" for one in sent)


@pytest.mark.parametrize("post", ["head.of.service", "director.safeguarding", "hos.ppqa"])
def test_an_escalation_whose_recipient_lost_the_post_goes_to_the_one_who_answers_for_it(
    context: WorkerContext, council: Council, world: World, server: SmtpServer, post: str
) -> None:
    an_audit(world, at="shared", grade="inadequate")
    now_holds(council, post, "auditor")
    run_once(context, NOW)
    states = Counter(row.state for row in rows(context, "escalation_opened"))
    assert states["cancelled"] + states["sent"] == states.total() >= 3
    assert f"{post}@demo.example" not in {to for to, _ in server.taken}
    assert set(sent_to(context, "escalation_opened")) == {"head.of.service", "director.safeguarding", "hos.ppqa"} - {post}


def test_with_nobody_to_answer_the_qa_inbox_has_it(context: WorkerContext, council: Council, world: World, server: SmtpServer) -> None:
    an_audit(world, at="shared", grade="inadequate")
    for post in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        now_holds(council, post, "auditor")
    run_once(context, NOW)
    assert sent_to(context, "escalation_opened") == ["QA inbox"]


def test_an_action_goes_to_the_one_who_answers_for_it_by_now(
    context: WorkerContext, council: Council, world: World, server: SmtpServer
) -> None:
    an_audit(world, at="shared")
    connections.declare_connection(world.command_context(), world.person("practitioner"), "C-1001")
    now_holds(council, "team.manager", "practitioner")
    run_once(context, NOW)
    assert sent_to(context, "action_assigned") == ["service.manager"]
    assert sent_to(context, "audit_shared") == ["QA inbox", "qaro", "service.manager"]
    assert {row.state for row in rows(context, "audit_shared")} == {"sent", "cancelled"}


def test_who_is_replaced_before_the_email_left_has_none_and_the_next_has_one(
    context: WorkerContext, council: Council, world: World, server: SmtpServer
) -> None:
    reference = an_audit(world, at="shared")
    assign(world, reference)
    world.passes(minutes=1)
    assignments.assign_moderator(world.command_context(), world.person("qa"), reference, "moderator2@demo.example")
    run_once(context, NOW + timedelta(minutes=2))
    assert sent_to(context, "moderator_assigned") == ["moderator2"]


def test_no_reminder_of_somebody_who_left_is_a_dead_letter(
    context: WorkerContext, council: Council, world: World, server: SmtpServer
) -> None:
    reference = an_audit(world, at="shared")
    run_once(context, NOW)
    due_on = world.audit(reference).actions[0].due_on
    days = iter(range(200))
    for name in ("practitioner", "team.manager", "service.manager"):
        leaves(council, name)
        sent = len(sent_to(context, "action_overdue"))
        while len(sent_to(context, "action_overdue")) == sent:
            run_once(context, in_london(next_working_day(due_on) + timedelta(days=next(days)), 9))
    assert {row.state for row in rows(context, "action_overdue")} == {"sent"}
    assert set(sent_to(context, "action_overdue")) - {"head.of.service"} == {"team.manager", "service.manager", "QA inbox"}


def test_a_reminder_that_waited_overnight_goes_to_the_successor_that_morning(
    context: WorkerContext, council: Council, world: World, server: SmtpServer
) -> None:
    reference = an_audit(world, at="shared")
    run_once(context, NOW)
    due_on = world.audit(reference).actions[0].due_on
    assert due_on > TODAY
    run_once(context, in_london(due_on - timedelta(days=7), 0, 5))
    (waiting,) = rows(context, "action_due_soon")
    assert waiting.recipient == world.person("practitioner").id
    leaves(council, "practitioner")
    morning = next_working_day(due_on - timedelta(days=7))
    run_once(context, in_london(morning, 8, 1))
    assert sent_to(context, "action_due_soon") == ["team.manager"]
    run_once(context, in_london(morning, 8, 30))
    assert sent_to(context, "action_due_soon") == ["team.manager"]
