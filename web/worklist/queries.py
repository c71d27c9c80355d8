"""One person's work: audits and actions that wait for them, each reason by its own index. And their calendar address."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, delete, false, func, or_, select, true, union_all

from notifications.outbox import enqueue_account_event
from notifications.queries import OF_ACTIONS
from workflow.approvers import NEXT, POST
from workflow.directory import Person
from workflow.roles import NAMED_ROLES
from workflow.storage.audit_writer import upsert
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.sql_conditions import Condition, all_of, any_of
from workflow.storage.tables import IS_ESCALATED, IS_UNRESOLVED, IS_UNSETTLED, actions, audits, calendars, escalations
from workflow.storage.visibility import VisibilityFilter

MOST = 200
TEAM_MANAGER = "team_manager"


def fetch_audits_waiting(connection: Connection, reader: VisibilityFilter) -> Sequence[Any]:
    """Return up to `MOST` + 1 audits (one more shows that there are more): open escalations first, then what somebody asks, then the oldest.

    Each row has its number of `unsettled` actions, and `recipients`, `plan` and `opened_at` of its escalation.
    """
    are_open = (actions.c.audit_id == audits.c.id, IS_UNSETTLED)
    unsettled = select(func.count()).select_from(actions).where(*are_open).scalar_subquery()
    opening = (_from_latest_escalation(escalations.c[name]) for name in ("recipients", "plan", "opened_at"))
    # Each reason is read by its own index: one condition joined by OR would scan every audit.
    waiting = union_all(*(select(audits.c.id).where(reason) for reason in _reasons_to_wait(reader.person)))
    # An open escalation outlasts a withdrawal: its recipients are still reminded.
    goes_on = or_(audits.c.state != "withdrawn", IS_UNRESOLVED)
    query = select(audits, unsettled.label("unsettled"), *opening).where(audits.c.id.in_(waiting), reader.permitted("know"), goes_on)
    is_asked = and_(audits.c.withdrawal_asked_by.is_not(None), true() if _may_approve(reader.person) else false())
    first = case((reader.judges_blind, 3), (audits.c.escalation_state == "open", 0), (IS_UNRESOLVED, 1), (is_asked, 2), else_=3)
    return connection.execute(query.order_by(first, audits.c.id).limit(MOST + 1)).all()


def _from_latest_escalation(column: Any) -> Any:
    openings = select(column).where(escalations.c.audit_id == audits.c.id)
    return openings.order_by(escalations.c.number.desc()).limit(1).scalar_subquery().label(column.name)


def _reasons_to_wait(person: Person) -> Iterator[ColumnElement[bool]]:
    yield and_(audits.c.auditor_id == person.id, audits.c.state.in_(("draft", "practitioner_consulted", "graded")))
    yield and_(audits.c.moderator_id == person.id, audits.c.state == "shared")
    yield IS_UNRESOLVED
    if "qa" in person.roles:
        yield and_(audits.c.moderator_id.is_(None), audits.c.state == "shared")
    if person.roles & {"qa", "hos_ppqa", "director"}:
        yield audits.c.state == "moderated"
    if _may_approve(person):
        yield audits.c.withdrawal_asked_by.is_not(None)


def _may_approve(person: Person) -> bool:
    """Withdrawals that others asked for, if it is their turn."""
    return any(duty.role in {POST, NEXT} for duty in person.duties)


def fetch_actions_waiting(connection: Connection, reader: VisibilityFilter) -> Sequence[Any]:
    """Return open actions that they own or must track, and reported ones that they must verify: first where they must answer somebody."""
    person, teams = reader.person, reader.teams_answering("head_of_service")
    tracks = or_(and_(_reports(reader), ~IS_ESCALATED), and_(audits.c.team.in_(teams), IS_ESCALATED))
    concerns = [and_(actions.c.state == "open", or_(actions.c.owner_id == person.id, tracks))]
    for role, which in (("qa", ~IS_ESCALATED), ("hos_ppqa", IS_ESCALATED)):
        if role in person.roles:
            concerns.append(and_(which, or_(actions.c.state == "reported", actions.c.asked_due_on.is_not(None))))
    is_asked = case((actions.c.asked_due_on.is_not(None) if person.roles & {"qa", "hos_ppqa"} else false(), 0), else_=1)
    columns = (
        *OF_ACTIONS,
        *(actions.c[name] for name in ("state", "reported_by", "asked_due_on", "earlier_due_dates")),
        audits.c.escalation_state,
    )
    query = select(*columns).join(audits, audits.c.id == actions.c.audit_id).where(IS_UNSETTLED, actions.c.is_live, or_(*concerns))
    query = query.where(
        or_(actions.c.owner_id == person.id, ~reader.judges_blind), reader.permitted("know"), audits.c.state.in_(("shared", "moderated"))
    )
    return connection.execute(query.order_by(is_asked, actions.c.due_on).limit(MOST + 1)).all()


def _reports(reader: VisibilityFilter) -> Condition:
    """Where they report completion: as the Team Manager or, where nobody can, as the next in line (workflow.toml, `falls_to`)."""
    line = (TEAM_MANAGER, *(role for role in reader.directory.next_up.get(TEAM_MANAGER, ()) if role in {*NAMED_ROLES, "qa"}))
    is_before = [reader.is_vacant(role) for role in line[:-1]]
    return any_of(all_of(*is_before[:place], reader.is_named(role)) for place, role in enumerate(line))


def store_calendar(engine: Engine, signed: dict[str, Any], at: datetime) -> None:
    """Replace any earlier address, which stops working. `signed` is its person, digest, proof and signature."""
    with write_transaction(engine) as connection:
        upsert(connection, calendars, ("person_id",), [signed | {"made_at": at}])
        enqueue_account_event(connection, "calendar_address_made", signed["person_id"], at)


def delete_calendar(engine: Engine, person_id: int) -> None:
    with write_transaction(engine) as connection:
        connection.execute(delete(calendars).where(calendars.c.person_id == person_id))


def find_calendar(engine: Engine, person_id: int) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(select(calendars).where(calendars.c.person_id == person_id)).first()


def find_calendar_by_digest(engine: Engine, digest: str) -> Any:
    with read_transaction(engine) as connection:
        return connection.execute(select(calendars).where(calendars.c.digest == digest)).first()
