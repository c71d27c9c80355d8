"""The sweep: whom it is time to remind, found by query, each told once by its key. One that can’t be reckoned does not stop the rest."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from notifications import outbox, queries
from notifications.context import WorkerContext
from notifications.reminders import audit_deadlines
from notifications.reminders.action_reminders import ActionToCheck, next_check_on, reminders
from notifications.reminders.alerts import is_stalled, read_volume_notices
from notifications.reminders.digest_schedule import next_digest_times
from workflow.directory import Directory
from workflow.events import QA_INBOX, Notice
from workflow.storage.engine import DatabaseError
from workflow.working_days import KNOWN_UNTIL, date_past_known_holidays, london_day

LOG = logging.getLogger("practice_audit.sweep")
SLOTS_ARE_KEPT = timedelta(days=7)
SMALLEST, LARGEST, SECONDS = 100, 1_000, 0.025
Row = TypeVar("Row")
Seen = TypeVar("Seen")


def tick(context: WorkerContext, now: datetime) -> None:
    """The sweep of this minute, made by whichever worker comes first."""
    if queries.handle_clock_rollback(context.engine, now, london_day(now)):
        LOG.warning("The clock went back: what was looked at in the time to come is looked at again, and told once.")
    if queries.claim_slot(context.engine, "sweep", f"{now:%Y-%m-%dT%H:%M}", now):
        sweep(context, now)
        outbox.heartbeat(context.engine, queries.SWEEPER, now)


def sweep(context: WorkerContext, now: datetime) -> None:
    today, directory = london_day(now), context.store.directory(now)
    mornings = next_digest_times(now, context.notification_rules, queries.worker_status(context.engine, now).reminders)
    for actions in _actions_to_remind_of(context, today, directory):
        queries.store_action_reminders(context.engine, actions, now, mornings)
    for audits in _audits_looked_at(context, today, directory):
        queries.store_audit_reminders(context.engine, audits, now, mornings)
    for ids in _batches(queries.re_audits_to_prompt(context.engine, today)):
        queries.prompt_re_audits(context.engine, ids, today, now, mornings)
    many = queries.heavy_readers(context.engine, context.notification_rules.clocks["many_audits_read_in_an_hour"], now - timedelta(hours=1))
    queries.enqueue(context.engine, tuple(read_volume_notices(many, now, directory)), now)
    _once_a_day(context, today, directory, now)


def _actions_to_remind_of(context: WorkerContext, today: date, directory: Directory) -> Iterator[list[queries.CheckResult]]:
    says = context.notification_rules.clocks

    def look(row: Any) -> queries.CheckResult:
        people = (row.owner_id, row.team, row.team_manager_id, row.service_manager_id, row.child_id)
        action = ActionToCheck(row.reference, row.number, row.due_on, row.remind_on, *people)
        return queries.CheckResult(row, reminders(action, today, says, directory), next_check_on(row.due_on, today, says))

    return _in_batches(queries.actions_to_check(context.engine, today), look)


def _audits_looked_at(context: WorkerContext, today: date, directory: Directory) -> Iterator[list[queries.CheckResult]]:
    def look(reference: str) -> queries.CheckResult:
        audit = context.store.audit(reference)
        assert audit is not None, "nothing is deleted"
        notices = tuple(audit_deadlines.due_notices(audit, today, context.notification_rules, directory))
        return queries.CheckResult(audit, notices, audit_deadlines.next_check_on(audit, today, context.notification_rules.clocks))

    return _in_batches(queries.audits_to_check(context.engine, today), look)


def _once_a_day(context: WorkerContext, today: date, directory: Directory, now: datetime) -> None:
    """Claimed when it is done: a worker that dies in between leaves it to the next, and what was told is not told again."""
    if queries.is_claimed(context.engine, "day", str(today)):
        return
    states = [state.name for state in context.rules.audit.states.values() if not state.final]
    for notices in _in_batches(
        queries.audits_under_way(context.engine, states), lambda reference: _still(context, reference, directory, today)
    ):
        queries.enqueue(context.engine, [notice for notice in notices if notice], now)
    queries.forget_slots(context.engine, now - SLOTS_ARE_KEPT)
    last_due_on = queries.worker_status(context.engine, now).last_due_on
    if queries.claim_slot(context.engine, "day", str(today), now) and (
        day := date_past_known_holidays(today, last_due_on, context.notification_rules.clocks.longest_working_days)
    ):
        LOG.warning("England’s bank holidays are known until %s, and dates are reckoned until %s: update the library.", KNOWN_UNTIL, day)


def _still(context: WorkerContext, reference: str, directory: Directory, today: date) -> Notice | None:
    audit = context.store.audit(reference)
    if audit is None or not is_stalled(audit, context.rules, directory):
        return None
    return Notice(f"stands_still/{reference}/{today}", "audit_stands_still", QA_INBOX, reference)


def _in_batches(rows: Sequence[Row], look: Callable[[Row], Seen]) -> Iterator[list[Seen]]:
    for batch in _batches(rows):
        yield list(_each(batch, look))


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Each is one commit: as many rows as take some 25 ms here, so that nobody waits long for it."""
    begin, size = 0, SMALLEST
    while begin < len(rows):
        began = time.perf_counter()
        yield rows[begin : begin + size]
        begin += size
        size = min(max(SMALLEST, int(size * SECONDS / (time.perf_counter() - began))), 2 * size, LARGEST)


def _each(rows: Sequence[Row], look: Callable[[Row], Seen]) -> Iterator[Seen]:
    for row in rows:
        try:
            yield look(row)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 (one that can’t be reckoned must not silence the rest; its words may be of a case)
            LOG.error("something could not be reckoned: %s", type(error).__name__)  # noqa: TRY400 (a traceback would quote)
