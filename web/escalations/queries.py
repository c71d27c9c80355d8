"""Escalations for the board, their emails and who has read them. Each query uses an index and reads no case text."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, delete, func, or_, select, update

from workflow.storage.audit_writer import insert_once_statement
from workflow.storage.engine import read_statement, write_transaction
from workflow.storage.keyset import Page, fetch_page
from workflow.storage.tables import (
    IS_OF_AN_ESCALATION,
    IS_OF_AN_UNRESOLVED,
    IS_UNRESOLVED,
    accounts,
    audits,
    escalations,
    failures,
    outbox,
    readings,
)  # fmt: skip
from workflow.storage.visibility import VisibilityFilter

SIZE, MOST = 25, 2_000
RESOLVED_RECENTLY = timedelta(days=14)
ESCALATION_COLUMNS = ("number", "source", "opened_at", "recipients", "plan_at", "plan_by", "resolved_at", "resolved_by")
EMAIL_COLUMNS = ("reference", "recipient", "event", "key", "state", "created_at", "sent_at", "last_error")
OPENINGS = escalations.alias("openings")


def fetch_links_from(engine: Engine, person_id: int) -> datetime | None:
    """Return since when the links in this person’s emails work: their address changed then, or they came back."""
    with read_statement(engine) as connection:
        found: datetime | None = connection.execute(select(accounts.c.links_from).where(accounts.c.person_id == person_id)).scalar()
    return found


def fetch_unresolved(connection: Connection, reader: VisibilityFilter, cursor: str | None = None) -> Page:
    """Return a page, newest first."""
    query = _select_latest(reader).where(IS_OF_AN_UNRESOLVED, IS_UNRESOLVED)
    return fetch_page(connection, query, (escalations.c.opened_at, audits.c.id), cursor, SIZE)


def fetch_open(connection: Connection, reader: VisibilityFilter) -> Sequence[Any]:
    """Return at most `MOST` open escalations, longest open first."""
    query = _select_latest(reader).where(IS_OF_AN_UNRESOLVED, IS_UNRESOLVED, audits.c.escalation_state == "open")
    return connection.execute(query.order_by(escalations.c.opened_at, audits.c.id).limit(MOST)).all()


def fetch_recently_resolved(connection: Connection, reader: VisibilityFilter, now: datetime) -> Sequence[Any]:
    query = _select_latest(reader).where(escalations.c.resolved_at > now - RESOLVED_RECENTLY, audits.c.escalation_state == "resolved")
    return connection.execute(query.order_by(escalations.c.resolved_at.desc()).limit(SIZE)).all()


def count_by_state(connection: Connection, reader: VisibilityFilter) -> Mapping[str, int]:
    counted = select(audits.c.escalation_state, func.count().label("number")).where(
        IS_UNRESOLVED, reader.permitted("read_listed_escalation")
    )
    return {row.escalation_state: row.number for row in connection.execute(counted.group_by(audits.c.escalation_state))}


def fetch_emails(connection: Connection, rows: Iterable[Any]) -> Mapping[str, list[Any]]:
    """Return the emails about each escalation since it was opened, by reference, oldest first."""
    since: dict[str, datetime] = {row.reference: row.opened_at for row in rows}
    found: dict[str, list[Any]] = {reference: [] for reference in since}
    query = (
        select(*(outbox.c[name] for name in EMAIL_COLUMNS)).where(IS_OF_AN_ESCALATION, outbox.c.reference.in_(since)).order_by(outbox.c.id)
    )
    for email in connection.execute(query) if since else ():
        if email.created_at >= since[email.reference]:
            found[email.reference].append(email)
    return found


def fetch_first_readings(connection: Connection, rows: Sequence[Any]) -> Mapping[tuple[str, int | None], datetime]:
    """Return when each person first read each audit after it was escalated."""
    if not rows:
        return {}
    first = func.min(readings.c.at, type_=readings.c.at.type)
    since = or_(*(and_(readings.c.reference == row.reference, readings.c.at >= row.opened_at) for row in rows))
    query = select(readings.c.reference, readings.c.person_id, first.label("first")).where(since)
    found = connection.execute(query.group_by(readings.c.reference, readings.c.person_id))
    return {(row.reference, row.person_id): row.first for row in found}


def _select_latest(reader: VisibilityFilter) -> Select[Any]:
    """Select the latest escalation of each audit. Earlier ones stay on the record."""
    latest = select(func.max(OPENINGS.c.number)).where(OPENINGS.c.audit_id == audits.c.id).correlate(audits).scalar_subquery()
    moderation = (audits.c.moderator_id, audits.c.judged_by, audits.c.moderated_at)
    columns = (audits.c.id, audits.c.reference, audits.c.team, audits.c.child_id, audits.c.escalation_state.label("state"), *moderation)
    joined = select(*columns, *(escalations.c[name] for name in ESCALATION_COLUMNS)).join(audits, audits.c.id == escalations.c.audit_id)
    return joined.where(escalations.c.number == latest, reader.permitted("read_listed_escalation"))


def count_choices(engine: Engine, key: str) -> int:
    """How often initials were chosen at a link."""
    with read_statement(engine) as connection:
        return connection.execute(select(failures.c.tries).where(failures.c.key == key)).scalar() or 0


def add_choice(engine: Engine, key: str, most: int, ends_at: datetime) -> bool:
    """Count a choice, unless there were as many as there may be. It is stored until the link has ended: sweeping goes by `last_at`."""
    with write_transaction(engine) as connection:
        new = {"key": key, "tries": 0, "last_at": ends_at}
        connection.execute(insert_once_statement(connection.dialect.name, failures, ("key",)), [new])
        counted = update(failures).where(failures.c.key == key, failures.c.tries < most).values(tries=failures.c.tries + 1)
        return connection.execute(counted.returning(failures.c.tries)).first() is not None


def forget_choices(engine: Engine, key: str) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(failures).where(failures.c.key == key))
