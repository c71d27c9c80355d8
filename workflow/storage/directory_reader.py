"""Read the directory as of one instant: duties, delegations, declared connections and emergency access."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from workflow.child_ids import child_key
from workflow.directory import Directory, Duty, Person, Request, Team
from workflow.roles import CASE_ROLES, CONTENT_FREE
from workflow.storage import tables
from workflow.storage.tables import connections, delegations, emergencies


def read_directory(connection: Connection, version: int, at: datetime, next_up: Mapping[str, tuple[str, ...]]) -> Directory:
    given = connection.execute(select(delegations).where(delegations.c.ends_at > at)).all()
    let_in = connection.execute(select(emergencies).where(emergencies.c.ends_at > at)).all()
    running = [row for row in given if row.starts_at <= at]
    people = _people(connection, running)
    turns = [*(row.starts_at for row in given if row.starts_at > at), *(row.ends_at for row in (*given, *let_in))]
    return Directory(
        version=version,
        people=people,
        delegates=_delegates(running, people),
        teams=dict(_teams(connection)),
        names=dict(_names(connection)),
        requests=tuple(request_of(row) for row in connection.execute(_STILL_ASKED)),
        services={row.code: row.branch for row in connection.execute(select(tables.services.c.code, tables.services.c.branch))},
        next_up=next_up,
        connections=_grouped(_connected(connection)),
        emergencies=_emergencies_by_person(let_in),
        valid_from=at,
        valid_until=min(turns, default=None),
    )


_STILL_ASKED = select(tables.requests).where(tables.requests.c.answered_at.is_(None)).order_by(tables.requests.c.id)
_STILL_CONNECTED = select(connections.c.person_id, connections.c.child_id, connections.c.typed_as).where(connections.c.ended_at.is_(None))


def request_of(row: Any) -> Request:
    duty = Duty(row.role, row.scope, row.is_deputy)
    return Request(row.person_id, duty, row.asked_by, row.asked_at, row.from_person, row.starts_at, row.ends_at, row.id, row.new_email)


def _people(connection: Connection, given: list[Any]) -> dict[int, Person]:
    duties: dict[int, set[Duty]] = {}
    for row in connection.execute(select(tables.duties)):
        duties.setdefault(row.person_id, set()).add(Duty(row.role, row.scope, row.is_deputy))
    own_duties = {person_id: frozenset(own) for person_id, own in duties.items()}
    delegated: dict[int, set[Duty]] = {}
    for row in given:
        # A person can only delegate a duty that they still hold.
        if (duty := Duty(row.role, row.scope)) in own_duties.get(row.from_person, ()):
            delegated.setdefault(row.to_person, set()).add(duty)
    everybody = connection.execute(select(tables.people.c.id, tables.people.c.email, tables.people.c.name, tables.people.c.is_active))
    units = _grouped((row.person_id, row.unit) for row in connection.execute(select(tables.memberships)))
    none: frozenset[Any] = frozenset()
    return {
        row.id: _person(row, own_duties.get(row.id, none), frozenset(delegated.get(row.id, none)), units.get(row.id, none))
        for row in everybody
    }


def _delegates(given: list[Any], people: Mapping[int, Person]) -> dict[tuple[int, str], frozenset[int]]:
    """Of roles that audits name people in: a post needs none of this, because an audit does not name its holder."""
    found: dict[tuple[int, str], set[int]] = {}
    for row in given:
        to = people[row.to_person]
        if row.role in CASE_ROLES and to.is_active and row.role in to.roles and row.role in people[row.from_person].roles:
            found.setdefault((row.from_person, row.role), set()).add(to.id)
    return {key: frozenset(holders) for key, holders in found.items()}


def _person(row: Any, own: frozenset[Duty], delegated: frozenset[Duty], units: frozenset[str]) -> Person:
    return Person(row.id, row.email, row.name, row.is_active, _permitted(own | delegated), delegated - own, units)


def _emergencies_by_person(rows: Sequence[Any]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.asked_by, {})[row.reference] = row.id
    return found


def _permitted(duties: frozenset[Duty]) -> frozenset[Duty]:
    """An administrator holds no role with content, even by delegation (rules, section 5)."""
    is_admin = any(duty.role == "admin" for duty in duties)
    return frozenset(duty for duty in duties if not is_admin or duty.role in CONTENT_FREE)


def _connected(connection: Connection) -> Iterator[tuple[int, str]]:
    for row in connection.execute(_STILL_CONNECTED):
        if key := child_key(row.typed_as or row.child_id):
            yield row.person_id, key


def _grouped(pairs: Iterator[tuple[int, str]]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    for key, value in pairs:
        found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _teams(connection: Connection) -> Iterator[tuple[str, Team]]:
    joined = select(tables.teams, tables.services.c.branch).join(tables.services, tables.services.c.code == tables.teams.c.service)
    for row in connection.execute(joined.order_by(tables.teams.c.name)):
        yield row.code, Team(row.code, row.name, row.service, row.branch)


def _names(connection: Connection) -> Iterator[tuple[str, str]]:
    for table in (tables.services, tables.branches):
        yield from ((row.code, row.name) for row in connection.execute(select(table.c.code, table.c.name)))
