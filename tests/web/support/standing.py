"""What gives somebody access, and which audits they may read: to compare before and after somebody else has tried to change it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from tests.factories import PERMISSIONS, World
from workflow.directory import Directory, Person
from workflow.models import Audit
from workflow.permissions import relations
from workflow.storage.engine import read_transaction
from workflow.storage.tables import accounts, metadata, people

# What somebody did or was asked, and what slows them: it lets nobody in.
NO_WAY_IN = {
    "accounts",
    "connections",
    "directory_history",
    "duties",
    "failures",
    "memberships",
    "once",
    "places",
    "readings",
    "requests",
    "unsaved",
    "unsaved_forms",
}
WAYS_IN = [table for table in metadata.sorted_tables if "person_id" in table.c and table.name not in NO_WAY_IN]


@dataclass(frozen=True)
class Standing:
    email: str
    had_roles: bool
    roles: frozenset[str]
    reads: frozenset[str]
    secrets: Mapping[str, object] = field(default_factory=dict)
    """Of which there is one: None where it is not set."""
    keys: frozenset[str] = frozenset()
    """Rows of every table that lets somebody in: sessions, tokens, passkeys, council accounts, and whatever is added."""


def standings(world: World) -> dict[int, Standing]:
    directory: Directory = world.store.directory(world.now)
    audits = [world.audit(reference) for reference in references(world)]
    secrets, keys = _secrets(world), _keys(world)
    return {
        person.id: Standing(
            person.email, bool(person.duties), frozenset(duty.role for duty in person.duties),
            frozenset(audit.reference for audit in audits if may_read(person, audit, directory)), secrets[person.id], keys.get(person.id, frozenset()),
        )
        for person in directory.people.values()
    }  # fmt: skip


def may_read(person: Person, audit: Audit, directory: Directory) -> bool:
    return PERMISSIONS.allow("read_audit", audit, relations(person, audit, directory))


def gains(before: Standing | None, after: Standing, *, is_own: bool = False) -> Iterator[str]:
    """What somebody has now that could let another person in, or shows more; nobody had anything before they were added."""
    before = before or Standing(after.email, had_roles=False, roles=frozenset(), reads=frozenset())
    if before.email != after.email and before.had_roles:
        yield "address"
    if any(role in PERMISSIONS.table["privileged"] for role in after.roles - before.roles):
        yield "privileged role"
    if after.reads - before.reads:
        yield "audits"
    if is_own:
        yield from ["role"] if after.roles - before.roles else []
        return
    yield from (name for name, value in after.secrets.items() if value not in (None, before.secrets.get(name)))
    if after.keys - before.keys:
        yield "keys"


def references(world: World) -> list[str]:
    with read_transaction(world.store.engine) as connection:
        return list(connection.execute(select(metadata.tables["audits"].c.reference)).scalars())


def _secrets(world: World) -> dict[int, dict[str, object]]:
    columns = (people.c.id, people.c.password_hash, accounts.c.totp, accounts.c.handle)
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(*columns).outerjoin(accounts)).all()
    return {row.id: {"password": row.password_hash, "app": row.totp, "handle": row.handle} for row in rows}


def _keys(world: World) -> dict[int, frozenset[str]]:
    """Without the columns that say only when a thing was last used, or that it has ended."""
    found: dict[int, set[str]] = {}
    with read_transaction(world.store.engine) as connection:
        for table in WAYS_IN:
            for row in connection.execute(select(table)).mappings():
                found.setdefault(row["person_id"], set()).add(f"{table.name} {_kept(row)}")
    return {person_id: frozenset(rows) for person_id, rows in found.items()}


def _kept(row: Any) -> list[tuple[str, object]]:
    return [(name, value) for name, value in row.items() if name not in {"used_at", "last_used_at", "seen_at", "revoked_at", "content"}]
