"""Before an email is sent, what it says is checked against what is stored, in a fixed number of statements."""

from contextlib import closing
from datetime import date

from sqlalchemy import event

from notifications.context import WorkerContext
from notifications.delivery.sender import deliver
from notifications.queries import enqueue
from notifications.scheduling.worker import open_channel, run_once
from tests.factories import NOW, World, an_audit, assign
from tests.notifications.support.smtp_server import SmtpServer
from workflow.commands.directory import connections
from workflow.events import Notice
from workflow.working_days import add_working_days, london_day


def test_the_check_takes_as_many_statements_for_20_audits_as_for_1(context: WorkerContext, world: World, server: SmtpServer) -> None:
    references = [an_audit(world, at="shared", details={"child_id": f"C-{n}"}) for n in range(20)]
    for reference in references:
        assign(world, reference)
    # So that the child of each audit is looked at as well.
    connections.declare_connection(world.command_context(), world.person("moderator"), "C-of-nobody")
    run_once(context, NOW)
    counts = {number: _statements(context, world, references[:number], server) for number in (1, 5, 20)}
    print(f"statements to deliver the reminders of this many audits: {counts}")
    assert len(set(counts.values())) == 1


def _statements(context: WorkerContext, world: World, references: list[str], server: SmtpServer) -> int:
    """How many statements it takes to deliver, in one email, two reminders of each audit: of an action, and of the audit itself."""
    person, moderation_due_on = world.person("moderator").id, add_working_days(london_day(NOW), 10)
    for reference in references:
        key = f"{len(references)}/{reference}"
        action = Notice(f"{key}/action", "action_due_soon", person, reference, 1, date(2026, 12, 20))
        enqueue(context.engine, [action, Notice(f"{key}/audit", "moderation_due_soon", person, reference, None, moderation_due_on)], NOW)
    server.taken.clear()
    statements: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        statements.append(sql)

    event.listen(context.engine, "before_cursor_execute", note)
    with closing(open_channel(context.settings)) as channel:
        assert deliver(context, channel, "worker", lambda: NOW) == 1
    event.remove(context.engine, "before_cursor_execute", note)
    (email,) = server.emails()
    assert str(email.get_content()).count("- Audit ") == 2 * len(references)
    return len(statements)
