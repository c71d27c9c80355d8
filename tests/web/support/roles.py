"""Gives and takes roles as the directory’s own tables hold them, and passes them on for a while."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, update

from web.council import Council
from workflow.directory import Duty
from workflow.storage.directory_seed import bump_version
from workflow.storage.engine import write_transaction
from workflow.storage.tables import delegations, duties, people


def now_holds(council: Council, name: str, *roles: str) -> None:
    """Exactly these roles, with their scope, as `head_of_service:care`."""
    with write_transaction(council.engine) as connection:
        connection.execute(delete(duties).where(duties.c.person_id == _id(council, name)))
    holds_too(council, name, *roles)


def holds_too(council: Council, name: str, *roles: str) -> None:
    person_id = _id(council, name)
    with write_transaction(council.engine) as connection:
        for role in roles:
            duty = _duty(role)
            connection.execute(insert(duties).values(person_id=person_id, role=duty.role, scope=duty.scope, is_deputy=False))
        bump_version(connection)


def passes_on(council: Council, giver: str, taker: str, role: str) -> None:
    now, duty = datetime.now(UTC), _duty(role)
    ids = {"from_person": _id(council, giver), "to_person": _id(council, taker), "given_by": _id(council, giver)}
    times = {"starts_at": now - timedelta(days=30), "ends_at": now + timedelta(days=30), "given_at": now}
    with write_transaction(council.engine) as connection:
        connection.execute(insert(delegations).values(**ids, **times, role=duty.role, scope=duty.scope))
        bump_version(connection)


def leaves(council: Council, name: str) -> None:
    with write_transaction(council.engine) as connection:
        connection.execute(update(people).where(people.c.id == _id(council, name)).values(is_active=False))
        bump_version(connection)


def _duty(role: str) -> Duty:
    name, _, scope = role.partition(":")
    return Duty(name, scope)


def _id(council: Council, name: str) -> int:
    person = council.store.directory().by_email(f"{name}@demo.example")
    assert person, name
    return person.id
