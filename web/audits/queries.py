"""Text that was typed and not saved, and the child's previous audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Engine, and_, cast, delete, func, select, type_coerce

from workflow.storage.audit_writer import upsert
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import actions, audits, sections, unsaved


@dataclass(frozen=True, slots=True)
class DraftKey:
    """One person's unsaved text in one section of one audit."""

    person_id: int
    reference: str
    section: str


def store_draft(engine: Engine, place: DraftKey, seen: int, typed: Mapping[str, str], at: datetime) -> None:
    values = {
        "person_id": place.person_id, "reference": place.reference, "section": place.section, "seen": seen, "typed": dict(typed), "at": at,
    }  # fmt: skip
    with write_transaction(engine) as connection:
        upsert(connection, unsaved, ("person_id", "reference", "section"), [values])


def find_draft(engine: Engine, place: DraftKey) -> Any:
    """Return a row of `seen`, `typed` and `at`, or None."""
    with read_transaction(engine) as connection:
        return connection.execute(select(unsaved.c.seen, unsaved.c.typed, unsaved.c.at).where(_has_key(place))).first()


def delete_draft(engine: Engine, place: DraftKey) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(unsaved).where(_has_key(place)))


def _has_key(place: DraftKey) -> ColumnElement[bool]:
    return and_(unsaved.c.person_id == place.person_id, unsaved.c.reference == place.reference, unsaved.c.section == place.section)


@dataclass(frozen=True, slots=True)
class PreviousAudit:
    """`grades` by section; `unfinished` actions are neither verified nor cancelled."""

    reference: str
    edition: int
    version: int
    audited_on: date
    overall_grade: str
    unfinished: int
    grades: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Before:
    """The shared audits of the same child that are dated no later than an audit. `key` is the child’s."""

    reference: str
    key: str
    audited_on: date

    @property
    def condition(self) -> ColumnElement[bool]:
        shared = audits.c.state.in_(("shared", "moderated", "actions_closed"))
        return and_(audits.c.child_key == self.key, audits.c.reference != self.reference, shared, audits.c.audit_on <= self.audited_on)


def find_last_date(connection: Connection, before: Before) -> date | None:
    """Return the date alone: no right to read that audit is needed."""
    return connection.execute(select(func.max(audits.c.audit_on)).where(before.condition)).scalar()


def find_previous_audit(connection: Connection, before: Before, may_read: ColumnElement[bool]) -> PreviousAudit | None:
    """Return the latest audit among those that `may_read` permits, in one statement."""
    others = select(audits.c.id).where(before.condition, may_read)
    latest = others.order_by(audits.c.audit_on.desc(), audits.c.id.desc()).limit(1).scalar_subquery()
    is_open = (actions.c.audit_id == audits.c.id, actions.c.is_live, actions.c.state.in_(("open", "reported")))
    unfinished = select(func.count()).select_from(actions).where(*is_open).scalar_subquery().label("unfinished")
    columns = (
        audits.c.reference,
        audits.c.edition,
        audits.c.version,
        audits.c.audit_on,
        audits.c.overall_grade,
        unfinished,
        sections.c.section,
    )
    found = select(*columns, _select_grade(connection)).join(sections, sections.c.audit_id == audits.c.id).where(audits.c.id == latest)
    rows = connection.execute(found.where(sections.c.section.startswith("area_", autoescape=True))).all()
    grades = {row.section: row.grade for row in rows if row.grade}
    if not rows:
        return None
    last = rows[0]
    return PreviousAudit(last.reference, last.edition, last.version, last.audit_on, last.overall_grade, last.unfinished, grades)


def _select_grade(connection: Connection) -> ColumnElement[str]:
    """Select the grade from the answers. SQLite reads JSON from text; PostgreSQL needs a cast."""
    answers = type_coerce(sections.c.answers, JSON) if connection.dialect.name == "sqlite" else cast(sections.c.answers, JSON)
    grade: ColumnElement[str] = answers["grade"].as_string().label("grade")
    return grade
