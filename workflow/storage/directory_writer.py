"""Implements `DirectoryWriter`: changes of the directory as SQL, in a transaction that the caller opens and commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, exists, insert, literal, or_, select, update

from workflow.directory import Directory, Duty, Person, Request
from workflow.events import Notice
from workflow.ports import ConcurrentChange, Waiting
from workflow.role_assignments import DeclaredConnection, Delegation, DirectoryEvent, OpenDuty, Unit
from workflow.storage import access_removal, account_emails, audit_writer, enrolment, log_chains, open_duties, tables
from workflow.storage.directory_reader import read_directory, request_of
from workflow.storage.tables import (
    IS_UNRESOLVED,
    audits,
    connections,
    delegations,
    duties,
    memberships,
    people,
    requests,
)

COMMAND_LINE = "command line"
# As the release before compares IDs.
LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
VERBS_OF_ROLES = ("role_given", "role_taken", "request_granted", "left")
UNITS: dict[str, tuple[Table, str]] = {
    "branch": (tables.branches, ""), "service": (tables.services, "branch"), "team": (tables.teams, "service")
}  # fmt: skip


class DirectoryWriter:
    def __init__(self, connection: Connection, directory_version: int, at: datetime, next_up: Mapping[str, tuple[str, ...]]) -> None:
        """Raise ConcurrentChange if the directory has another version. From here on nobody else can change it until the commit."""
        self._connection, self._version, self._at, self._next_up = connection, directory_version, at, next_up
        seen = update(tables.directory).where(tables.directory.c.version == directory_version)
        if connection.execute(seen.values(version=directory_version + 1)).rowcount != 1:
            raise ConcurrentChange

    def add_people(self, *added: tuple[str, str]) -> Mapping[str, int]:
        self._insert(people, [{"email": email, "name": name, "is_active": True} for email, name in added])
        ids = (
            select(people.c.email, people.c.id)
            if len(added) > 1
            else select(people.c.email, people.c.id).where(people.c.email == added[0][0])
        )
        return {row.email: row.id for row in self._connection.execute(ids)}

    def change_person(self, person_id: int, name: str, email: str, *, is_active: bool) -> None:
        self._update(people, people.c.id == person_id, name=name, email=email, is_active=is_active)

    def change_address(self, person_id: int, former: str, email: str) -> None:
        self._update(people, people.c.id == person_id, email=email)
        access_removal.end_access(self._connection, person_id, self._at)
        access_removal.tell_former_address(self._connection, person_id, former, self._version, self._at)

    def tell_of_name(self, person_id: int) -> None:
        account_emails.enqueue(self._connection, "name_changed", person_id, self._at, key=f"name_changed/{person_id}/{self._version}")

    def give(self, *given: tuple[int, Duty]) -> None:
        self._insert(duties, [{"person_id": person_id, **_columns(duty)} for person_id, duty in given])

    def take(self, person_id: int, duty: Duty) -> None:
        of_person = [duties.c[name] == value for name, value in _columns(duty).items()]
        self._connection.execute(delete(duties).where(duties.c.person_id == person_id, *of_person))
        delegated = and_(delegations.c.from_person == person_id, delegations.c.role == duty.role, delegations.c.scope == duty.scope)
        if not duty.is_deputy:
            self._update(delegations, and_(delegated, delegations.c.ends_at > self._at), ends_at=self._at)

    def set_units(self, *placed: tuple[int, frozenset[str]]) -> None:
        if placed:
            of_person = delete(memberships).where(memberships.c.person_id == bindparam("whose"))
            self._connection.execute(of_person, [{"whose": person_id} for person_id, _ in placed])
        self._insert(memberships, [{"person_id": person_id, "unit": unit} for person_id, units in placed for unit in sorted(units)])

    def store_enrolment_code(self, person_id: int, digest: str) -> None:
        enrolment.store_enrolment_code(self._connection, person_id, digest, self._at)

    def turn_passwords(self, person_id: int, *, is_on: bool) -> None:
        access_removal.turn_passwords(self._connection, person_id, self._at, is_on=is_on)

    def end_everything(self, person_id: int) -> None:
        access_removal.forget_credentials(self._connection, person_id, self._at)
        for table in (duties, memberships, tables.escalated_to):
            self._connection.execute(delete(table).where(table.c.person_id == person_id))
        is_about = or_(requests.c.person_id == person_id, requests.c.from_person == person_id)
        self._update(requests, and_(is_about, requests.c.answered_at.is_(None)), answered_at=self._at, is_granted=False)
        either = or_(delegations.c.from_person == person_id, delegations.c.to_person == person_id)
        self._update(delegations, and_(either, delegations.c.ends_at > self._at), ends_at=self._at)

    def delegate(self, delegation: Delegation, given_by: int) -> None:
        self._connection.execute(
            insert(delegations).values(
                from_person=delegation.from_person, to_person=delegation.to_person, role=delegation.duty.role, scope=delegation.duty.scope,
                starts_at=delegation.starts_at, ends_at=delegation.ends_at, given_by=given_by, given_at=self._at,
            )
        )  # fmt: skip

    def end_delegation(self, delegation_id: int) -> None:
        self._update(delegations, delegations.c.id == delegation_id, ends_at=self._at)

    def add_unit(self, unit: Unit) -> None:
        table, set_in = UNITS[unit.kind]
        self._connection.execute(insert(table).values(code=unit.code, name=unit.name, **({set_in: unit.within} if set_in else {})))

    def change_unit(self, unit: Unit) -> None:
        table, set_in = UNITS[unit.kind]
        self._update(table, table.c.code == unit.code, name=unit.name, **({set_in: unit.within} if set_in else {}))

    def connect(self, person_id: int, child_id: str, by: int) -> None:
        values = {
            "person_id": person_id,
            "child_id": child_id.translate(LOWER),
            "typed_as": child_id,
            "declared_by": by,
            "declared_at": self._at,
        }
        self._connection.execute(insert(connections).values(values))

    def end_connection(self, connection_id: int, by: int) -> None:
        self._update(connections, connections.c.id == connection_id, ended_by=by, ended_at=self._at)

    def ask(self, request: Request) -> None:
        self._connection.execute(
            insert(requests).values(
                person_id=request.person_id, **_columns(request.duty), from_person=request.from_person, starts_at=request.starts_at,
                ends_at=request.ends_at, asked_by=request.asked_by, asked_at=request.asked_at, new_email=request.new_email,
            )
        )  # fmt: skip

    def answer(self, request_id: int, by: int, *, is_granted: bool) -> None:
        self._update(requests, requests.c.id == request_id, answered_by=by, answered_at=self._at, is_granted=is_granted)

    def record(self, by: Person | None, *entries: DirectoryEvent) -> None:
        done: dict[str, object] = {"at": self._at, "by_id": by.id if by else None, "by_name": by.name if by else COMMAND_LINE}
        events = ({"verb": one.verb, "person_id": one.person_id, "unit": one.unit, "facts": dict(one.facts)} for one in entries)
        log_chains.append(self._connection, log_chains.DIRECTORY, [done | one for one in events])

    def notify(self, notices: Sequence[Notice]) -> None:
        audit_writer.enqueue_notices(self._connection, notices, self._at)

    def request(self, request_id: int) -> Request | None:
        row = self._connection.execute(select(requests).where(requests.c.id == request_id, requests.c.answered_at.is_(None))).first()
        return request_of(row) if row else None

    def delegation(self, delegation_id: int) -> Delegation | None:
        row = self._connection.execute(
            select(delegations).where(delegations.c.id == delegation_id, delegations.c.ends_at > self._at)
        ).first()
        return delegation_of(row) if row else None

    def connection(self, connection_id: int) -> DeclaredConnection | None:
        is_this = and_(connections.c.id == connection_id, connections.c.ended_at.is_(None))
        row = self._connection.execute(select(connections).where(is_this)).first()
        return DeclaredConnection(row.id, row.person_id, row.child_id) if row else None

    def delegated_to(self, person_id: int) -> frozenset[Duty]:
        is_delegated = and_(delegations.c.to_person == person_id, delegations.c.ends_at > self._at)
        return frozenset(Duty(row.role, row.scope) for row in self._connection.execute(select(delegations).where(is_delegated)))

    def ever_held_a_role(self, person_id: int) -> bool:
        is_recorded = and_(tables.directory_history.c.person_id == person_id, tables.directory_history.c.verb.in_(VERBS_OF_ROLES))
        found = select(literal(1)).where(or_(exists().where(is_recorded), exists().where(delegations.c.to_person == person_id)))
        return self._connection.execute(found).first() is not None

    def is_named_in_audits(self, person_id: int, role: str) -> bool:
        return self._connection.execute(select(audits.c.id).where(audits.c[f"{role}_id"] == person_id).limit(1)).first() is not None

    def holdings(self, person_id: int, child_id: str | None = None) -> tuple[OpenDuty, ...]:
        return open_duties.held_by(self._connection, person_id, child_id)

    def directory(self) -> Directory:
        return read_directory(self._connection, self._version + 1, self._at, self._next_up)

    def unresolved_escalations(self) -> tuple[Waiting, ...]:
        found = select(audits.c.reference, audits.c.team, audits.c.child_id).where(IS_UNRESOLVED).order_by(audits.c.id)
        return tuple(Waiting(*row) for row in self._connection.execute(found))

    def asked_withdrawals(self) -> tuple[Waiting, ...]:
        columns = (audits.c.reference, audits.c.team, audits.c.child_id, audits.c.withdrawal_asked_by)
        found = select(*columns).where(audits.c.withdrawal_asked_by.is_not(None), audits.c.state != "withdrawn").order_by(audits.c.id)
        return tuple(Waiting(*row) for row in self._connection.execute(found))

    def _insert(self, table: Table, rows: list[dict[str, object]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _update(self, table: Table, which: ColumnElement[bool], **values: object) -> None:
        self._connection.execute(update(table).where(which).values(**values))


def delegation_of(row: Any) -> Delegation:
    return Delegation(row.from_person, row.to_person, Duty(row.role, row.scope), row.starts_at, row.ends_at, row.id)


def _columns(duty: Duty) -> dict[str, object]:
    return {"role": duty.role, "scope": duty.scope, "is_deputy": duty.is_deputy}
