"""Rows that nobody can send, among a thousand: none of the others waits for them, on SQLite and on PostgreSQL."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from notifications.context import WorkerContext
from notifications.scheduling.worker import run_once
from tests.factories import World, a_council, a_world, an_audit, settings
from tests.notifications.support.outbox_assertions import in_london
from tests.resilience.support.database_snapshot import notices, outbox
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import reopen_council
from tests.support.bar_table import Bar
from tests.support.postgres import a_database
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.commands import audit_moves
from workflow.storage import tables
from workflow.storage.engine import write_transaction

ROWS, AUDITS, DRAFTS = 1_000, 8, 10
# Drafts of November are not shared in time; all the rest is told on the evening before the worker comes.
BEGUN, NOW, COMES = in_london(date(2026, 11, 23)), in_london(date(2026, 12, 1), 20), in_london(date(2026, 12, 2), 9)
POISONS: Mapping[str, dict[str, Any]] = {
    "an event that there is not": {"event": "no_such_event"},
    "an audit that there is not": {"reference": "zzzz-zzzz"},
    "a clock of an audit that there is not": {"reference": "zzzz-zzzz", "event": "response_plan_due"},
    "an action that there is not": {"action": 99, "event": "action_returned"},
    "a person who is not there": {"recipient": 99_999},
    "a link that can’t be unlocked": {"event": "password_reset", "locked": b"\xff\x00\xfe", "created_at": COMES},
    "an event of the service’s own that names no one": {"event": "post_found_vacant", "recipient": -1},
}  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def council(
    request: pytest.FixtureRequest, memory_folder: Path, tmp_path_factory: pytest.TempPathFactory, faulty_smtp: FaultySmtpServer
) -> Iterator[Council]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            a_council(memory_folder / "var").engine.dispose()
            made = reopen_council(memory_folder / "var", faulty_smtp.url)
        else:
            url = stack.enter_context(a_database(tmp_path_factory.getbasetemp() / "postgres"))
            made = open_council(settings(memory_folder / "var", DATABASE_URL=url, SECRET_KEY="k" * 32, MAIL_URL=faulty_smtp.url))
            prepare(made)
            load_people(made, "correct horse")
        yield made
        made.engine.dispose()


@pytest.fixture
def context(council: Council) -> WorkerContext:
    """A thousand outbox rows: audits shared and returned again and again, and one in which everybody is told in order."""
    world = a_world(council)
    world.now = BEGUN
    for number in range(DRAFTS):
        an_audit(world, "draft", details={"child_id": f"D-{number}"})
    world.now = NOW
    references = [an_audit(world, "shared", details={"child_id": f"C-{number}"}) for number in range(AUDITS)]
    told = len(outbox(council))
    for turn in range((ROWS - told) // 8):
        _again(world, references[turn % AUDITS])
    return council.worker_context


def _again(world: World, reference: str) -> None:
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Again.")
    audit_moves.share(world.command_context(), world.person("auditor"), reference)


def _poison(context: WorkerContext, values: dict[str, Any], row_id: int) -> None:
    with write_transaction(context.engine) as connection:
        connection.execute(update(tables.outbox).where(tables.outbox.c.id == row_id).values(**values))


def test_poisoned_rows_do_not_stop_the_others(context: WorkerContext, faulty_smtp: FaultySmtpServer, bar: Bar) -> None:
    rows = outbox(context)
    assert len(rows) > ROWS - 20
    # The first notification of each person about an audit: every later one would have to wait.
    poisoned = dict(zip((row.id for row in rows[::9]), POISONS.values(), strict=False))
    for row_id, values in poisoned.items():
        _poison(context, values, row_id)
    for minutes in (0, 2, 5, 10, 15):
        run_once(context, COMES + timedelta(minutes=minutes))
    faulty_smtp.wait_until_quiet()
    others = Counter(row.state for row in outbox(context) if row.id not in poisoned)
    came_to = Counter(row.state for row in outbox(context) if row.id in poisoned)
    bar("R7", wanted=ROWS - 20 - len(poisoned), seen=others.total())
    print(f"{context.engine.dialect.name}: {len(poisoned)} poisoned, {dict(came_to)}; of {others.total()} others {dict(others)}")
    assert set(others) == {"sent"}
    assert all(row.last_error for row in outbox(context) if row.id in poisoned and row.state == "waiting")
    dead = [row for row in outbox(context) if row.state == "dead"]
    assert len(dead) == len([one for one in notices(context) if one.event == "mail_undelivered"])


def test_a_reminder_that_can_not_be_checked_does_not_stop_the_digest(context: WorkerContext, faulty_smtp: FaultySmtpServer) -> None:
    """Of ten audits that the auditor has not shared, one can’t be read any more."""
    run_once(replace(context, settings=replace(context.settings, mail_url="smtp://127.0.0.1:1?tls=none")), COMES)
    mine = [row for row in outbox(context) if row.event == "audit_not_shared" and row.recipient]
    assert len(mine) == DRAFTS
    with write_transaction(context.engine) as connection:
        audit_id = select(tables.audits.c.id).where(tables.audits.c.reference == mine[4].reference).scalar_subquery()
        connection.execute(update(tables.sections).where(tables.sections.c.audit_id == audit_id).values(answers='{"half'))
    faulty_smtp.forget()
    run_once(context, COMES + timedelta(minutes=15))
    states = Counter(row.state for row in outbox(context) if row.event == "audit_not_shared" and row.recipient)
    faulty_smtp.wait_until_quiet()
    (email,) = [email for email in faulty_smtp.emails() if email["To"] == "auditor@demo.example" and "Your reminders" in email["Subject"]]
    print(f"{context.engine.dialect.name}: of {DRAFTS} reminders in the morning’s email {dict(states)}")
    assert states == Counter(sent=DRAFTS - 1, waiting=1)
    assert f"{DRAFTS - 1} things to do" in str(email.get_content())
