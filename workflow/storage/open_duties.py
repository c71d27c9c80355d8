"""What audits that are not finished name people for: what one person holds, and which audits name somebody who can’t do it any more."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, and_, literal, or_, select, union_all

from workflow.child_ids import child_key
from workflow.duty_holders import OWNER
from workflow.role_assignments import OpenDuty
from workflow.storage.tables import IS_UNSETTLED, actions, audits

_GOES_ON = and_(audits.c.shared_at.is_not(None), audits.c.state.not_in(("actions_closed", "withdrawn")))
IS_OWED: Mapping[str, ColumnElement[bool]] = {
    "auditor": audits.c.state.in_(("draft", "practitioner_consulted", "graded")), "moderator": audits.c.state == "shared",
    "team_manager": _GOES_ON, "service_manager": _GOES_ON, "qaro": _GOES_ON,
}  # fmt: skip
"""Where somebody must be there for each duty that passes on. A practitioner’s does not: their actions are an owner’s."""
_IS_LIVE = and_(actions.c.is_live, IS_UNSETTLED, _GOES_ON)
_OWNED = select(actions).join(audits, audits.c.id == actions.c.audit_id).where(_IS_LIVE)


def held_by(connection: Connection, person_id: int, child_id: str | None = None) -> tuple[OpenDuty, ...]:
    of_child = [audits.c.child_key == (child_key(child_id) or "")] if child_id is not None else []
    named = [
        select(audits.c.id, audits.c.reference, literal(role).label("role")).where(audits.c[f"{role}_id"] == person_id, is_owed, *of_child)
        for role, is_owed in IS_OWED.items()
    ]
    owned = _OWNED.with_only_columns(audits.c.reference, actions.c.number).where(actions.c.owner_id == person_id, *of_child)
    found = [OpenDuty(row.reference, row.role) for row in connection.execute(union_all(*named).order_by("id", "role"))]
    rows = connection.execute(owned.order_by(audits.c.id, actions.c.number))
    return (*found, *(OpenDuty(row.reference, OWNER, row.number) for row in rows))


def people_named(connection: Connection) -> Mapping[str, Collection[int]]:
    """By duty: everybody that an audit which is not finished names for it."""
    named = [
        select(literal(role).label("role"), audits.c[f"{role}_id"].label("person")).where(audits.c[f"{role}_id"].is_not(None), is_owed)
        for role, is_owed in IS_OWED.items()
    ]
    owners = _OWNED.with_only_columns(literal(OWNER), actions.c.owner_id)
    found: dict[str, set[int]] = {}
    for role, person in connection.execute(union_all(*(one.distinct() for one in (*named, owners)))):
        found.setdefault(role, set()).add(person)
    return found


def audits_naming(connection: Connection, people: Mapping[str, Collection[int]], visible: ColumnElement[bool], most: int) -> Sequence[str]:
    """References of the oldest audits that name one of these people for the duty, and that are not finished."""
    named = [and_(audits.c[f"{role}_id"].in_(ids), IS_OWED[role]) for role, ids in people.items() if role in IS_OWED]
    owned = _OWNED.with_only_columns(actions.c.audit_id).where(actions.c.owner_id.in_(people.get(OWNER, ())))
    found = select(audits.c.reference).where(or_(*named, audits.c.id.in_(owned)), visible)
    return connection.execute(found.order_by(audits.c.id).limit(most)).scalars().all()
