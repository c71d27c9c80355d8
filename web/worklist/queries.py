"""Audits that a person may know of, 50 a page, newest first: keyset, so that the thousandth page costs what the first does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from workflow.errors import BadInput
from workflow.people import Directory, Person
from workflow.permissions import CASE_ROLES, Permissions
from workflow.storage.knowable import Condition, among, permitted
from workflow.storage.tables import actions, audits, escalations

SIZE = 50
MOST = 200
UNRESOLVED = ("open", "acknowledged")


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
    """`person` is the id of somebody of the case, its auditor or its moderator; `since` is the earliest audit date."""

    state: str | None = None
    team: str | None = None
    q: str | None = None
    cursor: str | None = None
    strand: str | None = None
    grade: str | None = None
    person: int | None = None
    since: date | None = None


def page_of_audits(
    connection: Connection, person: Person, directory: Directory, permissions: Permissions, wanted: Wanted
) -> tuple[list[Listed], str | None]:
    """A page and the cursor of the next. Filters look only at what this person may read, so that they reveal nothing."""
    names, reads, grades = (
        permitted(right, person, directory, permissions) for right in ("see_state_and_names", "read_audit", "read_listed_escalation")
    )
    query = select(
        audits.c.id, audits.c.reference, audits.c.state, audits.c.auditor_id, audits.c.team, audits.c.escalation_state,
        names.label("sees_names"), reads.label("reads"), grades.label("sees_escalation"),
    ).where(permitted("know", person, directory, permissions), among(person))  # fmt: skip
    query = query.where(*_filters(wanted, names, reads, grades))
    rows = connection.execute(query.order_by(audits.c.id.desc()).limit(SIZE + 1)).all()
    following = str(rows[SIZE - 1].id) if len(rows) > SIZE else None
    return [_listed(row) for row in rows[:SIZE]], following


def _filters(wanted: Wanted, names: Condition, reads: Condition, grades: Condition) -> Iterator[Condition]:
    """Each beside the right without which it would reveal what it looks for."""
    equal = (
        (audits.c.state, wanted.state, names), (audits.c.team, wanted.team, reads), (audits.c.strand, wanted.strand, reads),
        (audits.c.overall_grade, wanted.grade, grades),
    )  # fmt: skip
    yield from (and_(column == value, right) for column, value, right in equal if value)
    if wanted.since:
        yield and_(audits.c.audit_on >= wanted.since, reads)
    if wanted.person:
        yield _is_of(wanted.person, names, reads)
    if wanted.q:
        beginning = _beginning(wanted.q)
        yield or_(audits.c.reference.like(beginning, escape="\\"), and_(audits.c.child_id.like(beginning, escape="\\"), reads))
    if wanted.cursor:
        yield audits.c.id < position(wanted.cursor)


def _is_of(person_id: int, names: Condition, reads: Condition) -> Condition:
    of_case = (audits.c[f"{role}_id"] == person_id for role in (*CASE_ROLES, "moderator"))
    return or_(and_(audits.c.auditor_id == person_id, names), and_(or_(*of_case), reads))


def _listed(row: Any) -> Listed:
    state, auditor, team, escalation = row.state, row.auditor_id, row.team, row.escalation_state
    sees_names, reads, sees_escalation = row.sees_names, row.reads, row.sees_escalation
    return Listed(
        row.reference,
        state if sees_names else None,
        auditor if sees_names else None,
        team if reads else None,
        escalation if sees_escalation else None,
    )


def _beginning(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 18:
        raise BadInput.about("cursor", "That is not a cursor of this list.")
    return int(cursor)


def audits_waiting_for(connection: Connection, person: Person, directory: Directory, permissions: Permissions) -> Sequence[Any]:
    """At most `MOST`, escalations before all else; with `unsettled` actions, and `recipients`, `plan` and `opened_at` of an escalation."""
    are_open = (actions.c.audit_id == audits.c.id, actions.c.state.in_(("open", "reported")))
    unsettled = select(func.count()).select_from(actions).where(*are_open).scalar_subquery()
    opening = (_of_latest(escalations.c[name]) for name in ("recipients", "plan", "opened_at"))
    query = select(audits, unsettled.label("unsettled"), *opening).where(
        permitted("know", person, directory, permissions), or_(*_may_wait(person)), audits.c.state != "withdrawn"
    )
    first = case((audits.c.escalation_state.in_(UNRESOLVED), 0), else_=1)
    return connection.execute(query.order_by(first, audits.c.id.desc()).limit(MOST)).all()


def _of_latest(column: Any) -> Any:
    openings = select(column).where(escalations.c.audit_id == audits.c.id)
    return openings.order_by(escalations.c.number.desc()).limit(1).scalar_subquery().label(column.name)


def _may_wait(person: Person) -> Iterator[ColumnElement[bool]]:
    yield and_(audits.c.auditor_id == person.id, audits.c.state.in_(("draft", "practitioner_consulted", "graded")))
    yield and_(audits.c.moderator_id == person.id, audits.c.state == "shared")
    yield audits.c.escalation_state.in_(UNRESOLVED)
    if "qa" in person.roles:
        yield and_(audits.c.moderator_id.is_(None), audits.c.state == "shared")
    if person.roles & {"qa", "hos_ppqa", "director"}:
        yield audits.c.state == "moderated"
    if "hos_ppqa" in person.roles:
        yield audits.c.withdrawal_asked_by.is_not(None)


def actions_waiting_for(connection: Connection, person: Person, directory: Directory) -> Sequence[Any]:
    """Open actions that are theirs, or theirs to see through; reported ones that are theirs to verify."""
    teams = [team for team in directory.teams if directory.is_in_post(person, "head_of_service", team)]
    escalated = audits.c.escalation_state != "none"
    tracks = or_(and_(audits.c.team_manager_id == person.id, ~escalated), and_(audits.c.team.in_(teams), escalated))
    concerns = [and_(actions.c.state == "open", or_(actions.c.owner_id == person.id, tracks))]
    for role, which in (("qa", ~escalated), ("hos_ppqa", escalated)):
        if role in person.roles:
            concerns.append(and_(which, or_(actions.c.state == "reported", actions.c.asked_due_on.is_not(None))))
    columns = (actions, audits.c.reference, audits.c.escalation_state, audits.c.team, audits.c.team_manager_id)
    query = select(*columns).join(audits, audits.c.id == actions.c.audit_id).where(actions.c.is_live, or_(*concerns))
    return connection.execute(query.where(audits.c.state.in_(("shared", "moderated"))).order_by(actions.c.due_on).limit(MOST)).all()
