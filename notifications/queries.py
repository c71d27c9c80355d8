"""The queries of the sweep and of delivery: what is due for a reminder, what is still relevant, whether the worker runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, case, delete, exists, func, literal_column, or_, select, union, update

from workflow.events import QA_INBOX, Notice
from workflow.storage import audit_writer, bulk_statements, row_mapping
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import (
    IS_UNRESOLVED,
    IS_UNSETTLED,
    actions,
    audits,
    directory_history,
    once,
    outbox,
    readings,
    sweeps,
    ticks,
    unsaved,
    unsaved_forms,
)
from workflow.working_days import london_day

# A program tries again within minutes. A person who typed may be ill for weeks (decision 59).
KEEP_ANSWERS, KEEP_UNSAVED = timedelta(hours=24), timedelta(days=90)
AHEAD = timedelta(minutes=5)
"""How far the clocks of two machines may differ before one counts as set back."""
SWEEPER = "sweep"
OF_ACTIONS = (
    *(actions.c[name] for name in ("audit_id", "number", "section", "due_on", "remind_on", "owner_id", "added_by", "added_on")),
    *(audits.c[name] for name in ("reference", "auditor_id", "moderator_id", "judged_by", "moderated_at", "started_at", "share_by", "shared_at", *row_mapping.HEADER)),
    audits.c.state.label("audit_state"), audits.c.form_key, audits.c.form_version, audits.c.rules_version,
)  # fmt: skip
"""Of an action and of its audit, for `action_reminders.action_to_check`."""
CHANGES, TOLD_EVERY = "directory_changes", timedelta(hours=1)
AGREED_VERBS = (
    "role_asked_for", "delegation_asked_for", "address_asked_for", "request_granted", "request_refused", "address_granted", "address_refused",
    "delegation_ended", "enrolment_code_made",
)  # fmt: skip
"""Changes that a second person sees anyway, or that take something away."""
DONE_ALONE = case((directory_history.c.by_id.is_not(None) & directory_history.c.verb.not_in(AGREED_VERBS), directory_history.c.id))
DigestTimes = Mapping[str, datetime]
"""By event: the email is not sent before this time."""


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """When a worker last sent email and last looked for reminders, None for never; and the furthest due date."""

    sent_at: datetime | None
    reminded_at: datetime | None
    last_due_on: date | None
    """The last due date of an action that is not settled."""

    def stopped_since(self, now: datetime) -> datetime | None:
        """Since when one of the two has not run, if that is longer than LATE; NEVER if it has never run."""
        last = min(self.sent_at or NEVER, self.reminded_at or NEVER)
        return last if now - last > LATE else None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """An action’s row or an audit, as it was when it was checked: its notices, and when to check it again."""

    row: Any
    notices: Sequence[Notice]
    next_check_on: date | None


LATE = timedelta(minutes=5)
NEVER = datetime.min.replace(tzinfo=UTC)


def handle_clock_rollback(engine: Engine, now: datetime, today: date) -> bool:
    """If the clock was set back, make everything be checked again that was checked in what is now the future. Keys prevent duplicates."""
    # `worker --once` claims its days only.
    latest = {"sweep": f"{now + AHEAD:%Y-%m-%dT%H:%M}", "day": str(london_day(now + AHEAD))}
    is_ahead = or_(*((sweeps.c.sweep == name) & (sweeps.c.slot > slot) for name, slot in latest.items()))
    with read_transaction(engine) as connection:
        if connection.execute(select(sweeps.c.slot).where(is_ahead).limit(1)).first() is None:
            return False
    with write_transaction(engine) as connection:
        connection.execute(delete(sweeps).where(sweeps.c.slot > f"{now:%Y-%m-%dT%H:%M}", sweeps.c.sweep != CHANGES))
        is_open = (actions.c.state == "open", actions.c.is_live)
        connection.execute(update(actions).where(*is_open, actions.c.remind_on > today).values(remind_on=today))
        connection.execute(update(audits).where(audits.c.look_on > today).values(look_on=today))
    return True


def claim_slot(engine: Engine, sweep: str, slot: str, now: datetime) -> bool:
    """Whether this worker is the first to claim this sweep in this slot: any number of workers have the effect of one."""
    claim = audit_writer.insert_once_statement(engine.dialect.name, sweeps, ("sweep", "slot")).returning(sweeps.c.slot)
    with write_transaction(engine) as connection:
        return connection.execute(claim, {"sweep": sweep, "slot": slot, "at": now}).first() is not None


def is_claimed(engine: Engine, sweep: str, slot: str) -> bool:
    with read_transaction(engine) as connection:
        return connection.execute(select(sweeps.c.slot).where(sweeps.c.sweep == sweep, sweeps.c.slot == slot)).first() is not None


def forget_slots(engine: Engine, before: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(sweeps).where(sweeps.c.at < before, sweeps.c.sweep != CHANGES))


def forget_answers_and_unsaved(engine: Engine, now: datetime) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(once).where(once.c.at < now - KEEP_ANSWERS))
        connection.execute(delete(unsaved).where(unsaved.c.at < now - KEEP_UNSAVED))
        connection.execute(delete(unsaved_forms).where(unsaved_forms.c.at < now - KEEP_UNSAVED))


def actions_to_check(engine: Engine, today: date) -> Sequence[Any]:
    """Live open actions that are due for a check, and the people to remind."""
    due = select(*OF_ACTIONS).join(audits, audits.c.id == actions.c.audit_id).where(actions.c.remind_on <= today)
    with read_transaction(engine) as connection:
        return connection.execute(due.order_by(actions.c.remind_on, actions.c.audit_id, actions.c.number)).all()


def store_action_reminders(engine: Engine, checked: Sequence[CheckResult], now: datetime, digest_times: DigestTimes) -> None:
    """Store the reminders and the next checks in one commit, except of actions that were reported complete meanwhile."""
    again = bulk_statements.update_each(engine.dialect.name, actions, ("audit_id", "number"), ("state", "remind_on"), "remind_on")
    given = bulk_statements.bulk_parameters(
        (one.row.audit_id, one.row.number, "open", one.row.remind_on, one.next_check_on) for one in checked
    )
    with write_transaction(engine) as connection:
        unchanged = {tuple(row) for row in connection.execute(again, given)}
        notices = [notice for one in checked if (one.row.audit_id, one.row.number) in unchanged for notice in one.notices]
        audit_writer.enqueue_notices(connection, notices, now, digest_times)


def audits_to_check(engine: Engine, today: date) -> Sequence[str]:
    """References of audits with a deadline reminder due by today, or changed by a move since their last check."""
    due = select(audits.c.reference).where(audits.c.look_on <= today).order_by(audits.c.look_on)
    with read_transaction(engine) as connection:
        return connection.execute(due).scalars().all()


def store_audit_reminders(engine: Engine, checked: Sequence[CheckResult], now: datetime, digest_times: DigestTimes) -> None:
    """Store the reminders and the next checks in one commit, except of audits that changed meanwhile: they are checked again."""
    again = bulk_statements.update_each(engine.dialect.name, audits, ("id",), ("version", "look_on"), "look_on")
    given = bulk_statements.bulk_parameters((one.row.id, one.row.version, one.row.next_check_on, one.next_check_on) for one in checked)
    with write_transaction(engine) as connection:
        unchanged = set(connection.execute(again, given).scalars())
        audit_writer.enqueue_notices(
            connection, [notice for one in checked if one.row.id in unchanged for notice in one.notices], now, digest_times
        )


def audits_under_way(engine: Engine, states: Sequence[str]) -> Sequence[str]:
    """References of audits in one of the states or with an unresolved escalation; each is read by an index."""
    under_way = union(select(audits.c.reference).where(audits.c.state.in_(states)), select(audits.c.reference).where(IS_UNRESOLVED))
    with read_transaction(engine) as connection:
        return connection.execute(under_way).scalars().all()


def enqueue(engine: Engine, notices: Sequence[Notice], now: datetime) -> None:
    if notices:
        with write_transaction(engine) as connection:
            audit_writer.enqueue_notices(connection, notices, now)


def re_audits_to_prompt(engine: Engine, today: date) -> Sequence[int]:
    """Ids of audits whose re-audit the QA Service is to be asked for by today."""
    closing = select(audits.c.id).where(audits.c.re_audit_prompt_on <= today).order_by(audits.c.re_audit_prompt_on, audits.c.id)
    with read_transaction(engine) as connection:
        return connection.execute(closing).scalars().all()


def prompt_re_audits(engine: Engine, ids: Sequence[int], today: date, now: datetime, digest_times: DigestTimes) -> None:
    """Notify once, in one commit; not if the next audit of the child has started, or if this one was withdrawn."""
    later = audits.alias("later")
    is_begun = exists().where(later.c.child_key == audits.c.child_key, later.c.id > audits.c.id, later.c.state != "withdrawn")
    is_closing = (audits.c.id.in_(ids), audits.c.re_audit_prompt_on <= today)
    columns = (audits.c.reference, audits.c.re_audit_prompt_on, (audits.c.state != "withdrawn") & ~is_begun)
    closing = select(*columns).where(*is_closing).order_by(audits.c.id).with_for_update(of=audits)
    with write_transaction(engine) as connection:
        rows = connection.execute(closing).all()
        connection.execute(update(audits).where(*is_closing).values(re_audit_prompt_on=None))
        audit_writer.enqueue_notices(
            connection, [_prompt(reference, day) for reference, day, is_wanted in rows if is_wanted], now, digest_times
        )


def _prompt(reference: str, day: date) -> Notice:
    return Notice(f"re_audit/{reference}/{day}", "re_audit_window_closing", QA_INBOX, reference)


def heavy_readers(engine: Engine, more_than: int, since: datetime) -> Sequence[Any]:
    """Rows of `person_id` (0 for the command line) and `by_name`: those who read more than that many different audits."""
    # An expression, not the column: SQLite would group by the index on it and read the whole log.
    who = (func.coalesce(readings.c.person_id, literal_column("0")).label("person_id"), readings.c.by_name)
    many = func.count(readings.c.reference.distinct()) > more_than
    with read_transaction(engine) as connection:
        return connection.execute(select(*who).where(readings.c.at > since).group_by(*who).having(many)).all()


def tell_directory_changes(engine: Engine, now: datetime, notices_of: Callable[[int], Sequence[Notice]]) -> None:
    """Notify others of what one person changed alone, at most once an hour; the last change that was seen is stored in the same commit."""
    with read_transaction(engine) as connection:
        last = connection.execute(select(sweeps.c.slot, sweeps.c.at).where(sweeps.c.sweep == CHANGES)).first()
        if last is not None and now - last.at < TOLD_EVERY:
            return
        is_new = directory_history.c.id > (int(last.slot) if last else 0)
        newest, alone = connection.execute(select(func.max(directory_history.c.id), func.max(DONE_ALONE)).where(is_new)).one()
    if newest is None:
        return
    with write_transaction(engine) as connection:
        connection.execute(delete(sweeps).where(sweeps.c.sweep == CHANGES))
        seen_at = now if alone else now - TOLD_EVERY
        audit_writer.upsert(connection, sweeps, ("sweep", "slot"), [{"sweep": CHANGES, "slot": str(newest), "at": seen_at}])
        audit_writer.enqueue_notices(connection, notices_of(alone) if alone else (), now)


def open_actions(engine: Engine, references: Collection[str]) -> Mapping[tuple[str, int, date], Any]:
    """The rows of OF_ACTIONS for the actions of these audits that are not reported complete, by reference, number and due date."""
    columns = select(*OF_ACTIONS).join(audits, actions.c.audit_id == audits.c.id)
    is_open = (audits.c.reference.in_(references), actions.c.state == "open")
    with read_transaction(engine) as connection:
        return {(row.reference, row.number, row.due_on): row for row in connection.execute(columns.where(*is_open))}


def worker_status(engine: Engine, now: datetime) -> WorkerStatus:
    """In one statement. Ignores times in the future: that worker’s clock was wrong."""
    last = select(func.max(ticks.c.at, type_=ticks.c.at.type)).where(ticks.c.at <= now + AHEAD)
    due = select(actions.c.due_on).where(IS_UNSETTLED).order_by(actions.c.due_on.desc()).limit(1)
    sent, reminded = last.where(ticks.c.worker != SWEEPER), last.where(ticks.c.worker == SWEEPER)
    with read_transaction(engine) as connection:
        return WorkerStatus(*connection.execute(select(*(one.scalar_subquery() for one in (sent, reminded, due)))).one())


def oldest_unsent(engine: Engine, now: datetime) -> datetime | None:
    """Since when the oldest email has been due. A reminder that waits for the morning digest is not due."""
    late = select(func.min(outbox.c.send_from, type_=outbox.c.send_from.type))
    with read_transaction(engine) as connection:
        return connection.execute(late.where(outbox.c.state == "waiting", outbox.c.send_from <= now)).scalar()
