"""The sweep finds by query who is due a reminder; a key makes sure that each is sent once. An audit that can’t be checked does not stop the rest."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from notifications import outbox, queries
from notifications.checkpoints import send_checkpoint
from notifications.context import WorkerContext
from notifications.reminders import audit_deadlines
from notifications.reminders.action_reminders import action_to_check, next_check_on, reminders
from notifications.reminders.alerts import directory_change_notices, is_stalled, read_volume_notices, stall_of, stalled_notices
from notifications.reminders.digest_schedule import next_digest_times
from notifications.reminders.post_turns import tell_of_turns
from notifications.reminders.queries import is_remembered, remember
from workflow.directory import Directory
from workflow.models import Audit
from workflow.storage.engine import DatabaseError
from workflow.working_days import KNOWN_UNTIL, date_past_known_holidays, london_day

LOG = logging.getLogger("practice_audit.sweep")
KEEP_SLOTS = timedelta(days=7)
STALLED, SAID_EVERY = "stalled", timedelta(days=6, hours=12)
"""Once, and then every week: the check is made once a day, at about the same time."""
SMALLEST, LARGEST, SECONDS = 100, 1_000, 0.025
Row = TypeVar("Row")
Checked = TypeVar("Checked")


def tick(context: WorkerContext, now: datetime) -> None:
    """The sweep of this minute, by the first worker to claim it."""
    correct_clock_rollback(context, now)
    if queries.claim_slot(context.engine, "sweep", f"{now:%Y-%m-%dT%H:%M}", now):
        sweep(context, now)
        outbox.heartbeat(context.engine, queries.SWEEPER, now)


def correct_clock_rollback(context: WorkerContext, now: datetime) -> None:
    if queries.handle_clock_rollback(context.engine, now, london_day(now)):
        LOG.warning("The clock was set back: audits checked in what is now the future are checked again. Nothing is sent twice.")


def sweep(context: WorkerContext, now: datetime) -> None:
    today, directory = london_day(now), context.store.directory(now)
    digest_times = next_digest_times(now, context.notification_rules, queries.worker_status(context.engine, now).reminded_at)
    tell_of_turns(context, now, directory)
    for actions in _check_actions(context, today, directory):
        queries.store_action_reminders(context.engine, actions, now, digest_times)
    for audits in _check_audits(context, today, directory):
        queries.store_audit_reminders(context.engine, audits, now, digest_times)
    for ids in _batches(queries.re_audits_to_prompt(context.engine, today)):
        queries.prompt_re_audits(context.engine, ids, today, now, digest_times)
    many = queries.heavy_readers(context.engine, context.notification_rules.clocks["many_audits_read_in_an_hour"], now - timedelta(hours=1))
    queries.enqueue(context.engine, tuple(read_volume_notices(many, now, directory)), now)
    queries.tell_directory_changes(context.engine, now, partial(directory_change_notices, directory))
    _once_a_day(context, today, directory, now)


def _check_actions(context: WorkerContext, today: date, directory: Directory) -> Iterator[list[queries.CheckResult]]:
    clocks = context.notification_rules.clocks

    def check(row: Any) -> queries.CheckResult:
        found = reminders(action_to_check(row, since=row.remind_on), today, clocks, directory)
        return queries.CheckResult(row, found, next_check_on(row.due_on, today, clocks))

    return _in_batches(queries.actions_to_check(context.engine, today), check)


def _check_audits(context: WorkerContext, today: date, directory: Directory) -> Iterator[list[queries.CheckResult]]:
    def check(reference: str) -> queries.CheckResult:
        audit = context.store.audit(reference)
        assert audit is not None, "nothing is deleted"
        notices = tuple(audit_deadlines.due_notices(audit, today, context.notification_rules, directory))
        return queries.CheckResult(audit, notices, audit_deadlines.next_check_on(audit, today, context.notification_rules.clocks))

    return _in_batches(queries.audits_to_check(context.engine, today), check)


def _once_a_day(context: WorkerContext, today: date, directory: Directory, now: datetime) -> None:
    """Claimed when it is done: if a worker dies in between, the next one does it again, and nothing is sent twice."""
    if queries.is_claimed(context.engine, "day", str(today)):
        return
    states = [state.name for state in context.rules.audit.states.values() if not state.final]
    for stalled in _in_batches(
        queries.audits_under_way(context.engine, states), lambda reference: _stalled_audit(context, reference, directory, now)
    ):
        for audit in filter(None, stalled):
            queries.enqueue(context.engine, stalled_notices(audit, today, directory), now)
            remember(context.engine, STALLED, stall_of(audit), now)
    if context.settings.is_production:
        send_checkpoint(context, today, directory, now)
    queries.forget_slots(context.engine, now - KEEP_SLOTS)
    queries.forget_answers_and_unsaved(context.engine, now)
    last_due_on = queries.worker_status(context.engine, now).last_due_on
    if queries.claim_slot(context.engine, "day", str(today), now) and (
        day := date_past_known_holidays(today, last_due_on, context.notification_rules.clocks.longest_working_days)
    ):
        LOG.warning("England’s bank holidays are known until %s, and dates are calculated until %s: update the library.", KNOWN_UNTIL, day)


def _stalled_audit(context: WorkerContext, reference: str, directory: Directory, now: datetime) -> Audit | None:
    """An audit that nobody can move on, unless the QA Service was notified in the last week."""
    audit = context.store.audit(reference)
    if audit is None or not is_stalled(audit, context.rules, directory):
        return None
    return None if is_remembered(context.engine, STALLED, stall_of(audit), now - SAID_EVERY) else audit


def _in_batches(rows: Sequence[Row], check: Callable[[Row], Checked]) -> Iterator[list[Checked]]:
    for batch in _batches(rows):
        yield list(_each(batch, check))


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Each batch is one commit, of as many rows as take about 25 ms, so that other writers do not wait long."""
    begin, size = 0, SMALLEST
    while begin < len(rows):
        began = time.perf_counter()
        yield rows[begin : begin + size]
        begin += size
        size = min(max(SMALLEST, int(size * SECONDS / (time.perf_counter() - began))), 2 * size, LARGEST)


def _each(rows: Sequence[Row], check: Callable[[Row], Checked]) -> Iterator[Checked]:
    for row in rows:
        try:
            yield check(row)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 (one that can’t be checked must not stop the rest; the message may contain case text)
            LOG.error("an audit or action could not be checked: %s", type(error).__name__)  # noqa: TRY400 (a traceback would quote)
