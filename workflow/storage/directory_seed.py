"""Write the first teams and people. Every change raises the version of the directory, which every command checks as it commits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from workflow.directory import Duty
from workflow.role_assignments import ensure_allowed
from workflow.storage import tables


@dataclass(frozen=True, slots=True)
class SeedPerson:
    """One person to add, with their duties."""

    email: str
    name: str
    duties: tuple[Duty, ...]
    password_hash: str | None = None
    units: tuple[str, ...] = ()


def add_teams(connection: Connection, council: Mapping[str, Any]) -> None:
    """Branches, services and teams, as rows of the tables `branch`, `service` and `team`."""
    for name, table in (("branch", tables.branches), ("service", tables.services), ("team", tables.teams)):
        connection.execute(insert(table), council[name])
    bump_version(connection)


def add_people(connection: Connection, entries: Iterable[SeedPerson]) -> None:
    """Raise BadInput for a person who would both administer and work with content (rules, section 5)."""
    for entry in entries:
        ensure_allowed(entry.duties)
        added = insert(tables.people).values(email=entry.email.lower(), name=entry.name, is_active=True, password_hash=entry.password_hash)
        person_id = connection.execute(added.returning(tables.people.c.id)).scalar_one()
        duties = [{"person_id": person_id, "role": d.role, "scope": d.scope, "is_deputy": d.is_deputy} for d in entry.duties]
        if duties:
            connection.execute(insert(tables.duties), duties)
        if entry.units:
            connection.execute(insert(tables.memberships), [{"person_id": person_id, "unit": unit} for unit in entry.units])
    bump_version(connection)


def bump_version(connection: Connection) -> None:
    connection.execute(update(tables.directory).values(version=tables.directory.c.version + 1))
