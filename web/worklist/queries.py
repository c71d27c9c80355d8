"""Audits that a person may know of, 50 a page, newest first: keyset, so that the thousandth page costs what the first does."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select

from workflow.errors import BadInput
from workflow.people import Directory, Person
from workflow.permissions import Permissions
from workflow.storage.knowable import permitted
from workflow.storage.tables import audits

SIZE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """What is shown of an audit in a list: None where this person may not know it."""

    reference: str
    state: str | None
    auditor_id: int | None
    team: str | None
    escalation_state: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    state: str | None = None
    team: str | None = None
    q: str | None = None
    cursor: str | None = None


def page_of_audits(
    connection: Connection, person: Person, directory: Directory, permissions: Permissions, wanted: Wanted
) -> tuple[list[Listed], str | None]:
    """A page and the cursor of the next. Filters look only at what this person may read, so that they reveal nothing."""
    names, reads, grades = (permitted(right, person, directory, permissions) for right in ("see_state_and_names", "read_audit", "read_listed_escalation"))
    query = select(
        audits.c.id, audits.c.reference, audits.c.state, audits.c.auditor_id, audits.c.team, audits.c.escalation_state,
        names.label("sees_names"), reads.label("reads"), grades.label("sees_escalation"),
    ).where(permitted("know", person, directory, permissions))  # fmt: skip
    if wanted.state:
        query = query.where(audits.c.state == wanted.state, names)
    if wanted.team:
        query = query.where(audits.c.team == wanted.team, reads)
    if wanted.q:
        beginning = _beginning(wanted.q)
        query = query.where(or_(audits.c.reference.like(beginning, escape="\\"), and_(audits.c.child_id.like(beginning, escape="\\"), reads)))
    if wanted.cursor:
        query = query.where(audits.c.id < _position(wanted.cursor))
    rows = connection.execute(query.order_by(audits.c.id.desc()).limit(SIZE + 1)).all()
    following = str(rows[SIZE - 1].id) if len(rows) > SIZE else None
    return [_listed(row) for row in rows[:SIZE]], following


def _listed(row: object) -> Listed:
    state, auditor, team, escalation = row.state, row.auditor_id, row.team, row.escalation_state  # type: ignore[attr-defined]
    sees_names, reads, sees_escalation = row.sees_names, row.reads, row.sees_escalation  # type: ignore[attr-defined]
    return Listed(
        row.reference,  # type: ignore[attr-defined]
        state if sees_names else None,
        auditor if sees_names else None,
        team if reads else None,
        escalation if sees_escalation else None,
    )


def _beginning(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def _position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 18:
        raise BadInput.about("cursor", "That is not a cursor of this list.")
    return int(cursor)
