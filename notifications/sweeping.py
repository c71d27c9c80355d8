"""The sweep: whom it is time to remind, found by query, each told once by its key. One that can’t be reckoned does not stop the rest."""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from notifications import clocks, outbox, queries
from notifications.delivery import Parts
from notifications.horizon import beyond
from notifications.reminders import Due, look_again_on, reminders
from notifications.standing_still import stands_still
from notifications.watching import many_read
from workflow.calendar import KNOWN_UNTIL, london_day
from workflow.events import Notice
from workflow.people import Directory
from workflow.storage.engine import DatabaseError

LOG = logging.getLogger("practice_audit.sweep")
SLOTS_ARE_KEPT = timedelta(days=7)
Row = TypeVar("Row")


def tick(parts: Parts, now: datetime) -> None:
    """The sweep of this minute, made by whichever worker comes first."""
    if queries.set_right(parts.engine, now, london_day(now)):
        LOG.warning("The clock went back: what was looked at in the time to come is looked at again, and told once.")
    if queries.claim_slot(parts.engine, "sweep", f"{now:%Y-%m-%dT%H:%M}", now):
        sweep(parts, now)
        outbox.beat(parts.engine, queries.SWEEPER, now)


def sweep(parts: Parts, now: datetime) -> None:
    today, directory = london_day(now), parts.store.directory(now)
    _each(queries.actions_to_look_at(parts.engine, today), lambda row: _look_at_action(parts, row, today, directory, now))
    _each(queries.audits_to_look_at(parts.engine, today), lambda reference: _look_at_audit(parts, reference, today, directory, now))
    _each(queries.windows_closing(parts.engine, today), lambda row: queries.prompt_re_audit(parts.engine, row, now))
    many = queries.readers_of_many(parts.engine, parts.who_hears.clocks["many_audits_read_in_an_hour"], now - timedelta(hours=1))
    queries.tell(parts.engine, tuple(many_read(many, now, directory)), now)
    _once_a_day(parts, today, directory, now)


def _look_at_action(parts: Parts, row: Any, today: date, directory: Directory, now: datetime) -> None:
    people = (row.owner_id, row.team, row.team_manager_id, row.service_manager_id, row.child_id)
    action, says = Due(row.reference, row.number, row.due_on, row.remind_on, *people), parts.who_hears.clocks
    queries.remind(parts.engine, row, reminders(action, today, says, directory), look_again_on(row.due_on, today, says), now)


def _look_at_audit(parts: Parts, reference: str, today: date, directory: Directory, now: datetime) -> None:
    audit = parts.store.audit(reference)
    assert audit is not None, "nothing is deleted"
    notices = tuple(clocks.due_notices(audit, today, parts.who_hears, directory))
    queries.looked_at(parts.engine, audit, notices, clocks.look_again_on(audit, today, parts.who_hears.clocks), now)


def _once_a_day(parts: Parts, today: date, directory: Directory, now: datetime) -> None:
    """Claimed when it is done: a worker that dies in between leaves it to the next, and what was told is not told again."""
    if queries.is_claimed(parts.engine, "day", str(today)):
        return
    states = [state.name for state in parts.rules.audit.states.values() if not state.final]
    _each(queries.audits_under_way(parts.engine, states), lambda reference: _tell_where_it_stands_still(parts, reference, directory, now))
    queries.forget_slots(parts.engine, now - SLOTS_ARE_KEPT)
    last_due_on = queries.how_it_runs(parts.engine, now).last_due_on
    if queries.claim_slot(parts.engine, "day", str(today), now) and (day := beyond(parts.who_hears.clocks, today, last_due_on)):
        LOG.warning("England’s bank holidays are known until %s, and dates are reckoned until %s: update the library.", KNOWN_UNTIL, day)


def _tell_where_it_stands_still(parts: Parts, reference: str, directory: Directory, now: datetime) -> None:
    audit = parts.store.audit(reference)
    if audit and stands_still(audit, parts.rules, directory):
        notice = Notice(f"stands_still/{reference}/{london_day(now)}", "audit_stands_still", None, reference)
        queries.tell(parts.engine, (notice,), now)


def _each(rows: Iterable[Row], look: Callable[[Row], None]) -> None:
    for row in rows:
        try:
            look(row)
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 (one that can’t be reckoned must not silence the rest; its words may be of a case)
            LOG.error("something could not be reckoned: %s", type(error).__name__)  # noqa: TRY400 (a traceback would quote)
