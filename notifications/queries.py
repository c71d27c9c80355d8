"""Work found by query: what is due for a reminder, who has not acknowledged, which windows close. And how the worker is."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, func, select, update

from workflow.events import Notice
from workflow.record import Audit
from workflow.storage import saving
from workflow.storage.engine import reading, writing
from workflow.storage.store import read_audit
from workflow.storage.tables import actions, audits, outbox, readings, sweeps, ticks


def claim_slot(engine: Engine, sweep: str, slot: str, now: datetime) -> bool:
    """Whether this worker is the one to make this sweep in this slot: n workers have the effects of one."""
    claim = saving.once_statement(engine.dialect.name, sweeps, ("sweep", "slot")).returning(sweeps.c.slot)
    with writing(engine) as connection:
        return connection.execute(claim, {"sweep": sweep, "slot": slot, "at": now}).first() is not None


def actions_to_look_at(engine: Engine, today: date) -> Sequence[Any]:
    """Live open actions whose day to be looked at has come, with who hears of them."""
    people = (audits.c.team, audits.c.team_manager_id, audits.c.service_manager_id, audits.c.child_id)
    due = select(actions, audits.c.reference, *people).join(audits, audits.c.id == actions.c.audit_id)
    with reading(engine) as connection:
        return connection.execute(due.where(actions.c.remind_on <= today).order_by(actions.c.remind_on)).all()


def remind(engine: Engine, row: Any, notices: Sequence[Notice], look_again_on: date | None, now: datetime) -> None:
    """The reminders and the next day to look, in one commit; nothing where completion was reported meanwhile."""
    moved = update(actions).where(
        actions.c.audit_id == row.audit_id, actions.c.number == row.number, actions.c.state == "open", actions.c.remind_on == row.remind_on
    )
    with writing(engine) as connection:
        if connection.execute(moved.values(remind_on=look_again_on)).rowcount == 1:
            saving.tell(connection, notices, now)


def escalations_waiting(engine: Engine) -> list[Audit]:
    """Audits whose present escalation waits for somebody."""
    waiting = select(audits.c.reference).where(audits.c.escalation_state == "open")
    with reading(engine) as connection:
        found = [read_audit(connection, reference) for reference in connection.execute(waiting).scalars().all()]
    return [audit for audit in found if audit]


def tell(engine: Engine, notices: Sequence[Notice], now: datetime) -> None:
    if notices:
        with writing(engine) as connection:
            saving.tell(connection, notices, now)


def windows_closing(engine: Engine, today: date) -> Sequence[Any]:
    closing = select(audits.c.id, audits.c.reference, audits.c.re_audit_prompt_on).where(audits.c.re_audit_prompt_on <= today)
    with reading(engine) as connection:
        return connection.execute(closing).all()


def prompt_re_audit(engine: Engine, row: Any, now: datetime) -> None:
    notice = Notice(f"re_audit/{row.reference}/{row.re_audit_prompt_on}", "re_audit_window_closing", None, row.reference)
    done = (
        update(audits).where(audits.c.id == row.id, audits.c.re_audit_prompt_on == row.re_audit_prompt_on).values(re_audit_prompt_on=None)
    )
    with writing(engine) as connection:
        if connection.execute(done).rowcount == 1:
            saving.tell(connection, (notice,), now)


def readers_of_many(engine: Engine, more_than: int, since: datetime) -> Sequence[Any]:
    """Rows of `person_id` and `by_name`: who read more different audits than that since then."""
    who = (readings.c.person_id, readings.c.by_name)
    many = func.count(readings.c.reference.distinct()) > more_than
    with reading(engine) as connection:
        return connection.execute(select(*who).where(readings.c.at > since).group_by(*who).having(many)).all()


def last_tick(engine: Engine) -> datetime | None:
    with reading(engine) as connection:
        return connection.execute(select(func.max(ticks.c.at, type_=ticks.c.at.type))).scalar()


def oldest_unsent(engine: Engine) -> datetime | None:
    with reading(engine) as connection:
        return connection.execute(
            select(outbox.c.created_at).where(outbox.c.state == "waiting").order_by(outbox.c.created_at).limit(1)
        ).scalar()
