"""Who asks: everybody with a role and a tie, with one of the two, with neither; those who left or are connected; and nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update

from tests.web.access_matrix.scenarios import SCENARIOS, child_of
from web.council import Council
from workflow.directory import Duty, Person
from workflow.storage.directory_seed import SeedPerson, add_people, bump_version
from workflow.storage.engine import Connection, write_transaction
from workflow.storage.tables import connections, duties, people

# What each is to the audits of the scenes; the owner carries out their action.
SLOTS: Mapping[str, str] = {
    "auditor": "auditor", "practitioner": "practitioner", "team_manager": "team.manager", "service_manager": "service.manager",
    "qaro": "qaro", "moderator": "moderator", "owner": "owner",
}  # fmt: skip
POSTS = {
    "qa": "qa", "head.of.service": "head_of_service:assessment", "director.safeguarding": "director:safeguarding", "hos.ppqa": "hos_ppqa",
    "governance": "governance", "admin": "admin",
}  # fmt: skip
STRANGERS = {
    "auditor2": "auditor", "practitioner2": "practitioner", "team.manager2": "team_manager", "service.manager3": "service_manager",
    "qaro3": "qaro", "moderator2": "moderator", "head.of.service2": "head_of_service:care", "director.parenting": "director:parenting",
    "nothing": "",
}  # fmt: skip
ROLES = (*(slot for slot in SLOTS if slot != "owner"), *POSTS.values(), "head_of_service:care", "director:parenting")
ADDED = {"service.manager3": "service_manager", "qaro3": "qaro", "owner": "", "nothing": ""}


@dataclass(frozen=True)
class Actor:
    """`slot` is what an audit names this person as, `role` what they hold, with its scope."""

    name: str
    slot: str = ""
    role: str = ""
    is_connected: bool = False
    is_out: bool = False
    """Not signed in, or somebody who left."""
    is_next_in_line: bool = False
    """In qa, where neither the Team Manager nor the Service Manager that the audit names holds that role."""

    def __str__(self) -> str:
        said = "nobody" if not self.name else f"{self.slot or 'stranger'} as {self.role or 'no role'}"
        return said + " (connected)" * self.is_connected + " (left)" * (self.is_out and bool(self.name))


NOBODY = Actor("", is_out=True)


def actors_in(group: str) -> tuple[Actor, ...]:
    """The people of one group of the matrix; `give_roles` prepares the council for it."""
    named = [Actor(name, slot, "" if slot == "owner" else slot) for slot, name in SLOTS.items()]
    posts = [Actor(name, role=role) for name, role in POSTS.items()]
    usual = {
        "named by the audit": (*named,), "in a post": (*posts,),
        "strangers": (*(Actor(name, role=role) for name, role in STRANGERS.items()), NOBODY),
    }  # fmt: skip
    if group in usual:
        return usual[group]
    if group == "without a role":
        return tuple(replace(actor, role="") for actor in named)
    if group == "connected to the child":
        return tuple(replace(actor, is_connected=True) for actor in (*named, *posts))
    if group == "after they left":
        return tuple(replace(actor, is_out=True) for actor in named)
    by = int(group.removeprefix("roles rotated by "))
    rotated = (replace(actor, role=ROLES[(at + by) % len(ROLES)]) for at, actor in enumerate(named))
    return tuple(replace(actor, is_next_in_line=actor.role == "qa") for actor in rotated)


USUAL_GROUPS = ("named by the audit", "in a post", "strangers")
GROUPS = (*USUAL_GROUPS, "without a role", "connected to the child", "after they left", "roles rotated by 1")
LONG_GROUPS = tuple(f"roles rotated by {by}" for by in range(2, len(ROLES)))


def actors_with_usual_roles() -> tuple[Actor, ...]:
    return tuple(actor for group in USUAL_GROUPS for actor in actors_in(group))


def add_missing_people(council: Council) -> None:
    """The people missing in the demo council: strangers in two roles, somebody without any, and the owner of an action."""
    with write_transaction(council.engine) as connection:
        password = connection.execute(select(people.c.password_hash).where(people.c.email == "qa@demo.example")).scalar_one()
        add_people(connection, [SeedPerson(f"{name}@demo.example", name, tuple(_duties(role)), password) for name, role in ADDED.items()])


def give_roles(council: Council, group: str) -> None:
    """Give those of a group their roles, and take away what they are not to have."""
    with write_transaction(council.engine) as connection:
        for actor in {one.name: one for one in (*actors_with_usual_roles(), *actors_in(group)) if one.name}.values():
            person = council.store.directory().by_email(f"{actor.name}@demo.example")
            assert person, actor.name
            _give_role(connection, person, actor)
        bump_version(connection)


def _give_role(connection: Connection, person: Person, actor: Actor) -> None:
    connection.execute(update(people).where(people.c.id == person.id).values(is_active=not actor.is_out))
    connection.execute(delete(duties).where(duties.c.person_id == person.id))
    connection.execute(delete(connections).where(connections.c.person_id == person.id))
    for duty in _duties(actor.role):
        connection.execute(insert(duties).values(person_id=person.id, role=duty.role, scope=duty.scope, is_deputy=False))
    if actor.is_connected:
        declared = {"person_id": person.id, "declared_by": person.id, "declared_at": datetime.now(UTC)}
        connection.execute(insert(connections), [{**declared, "child_id": child_of(scenario)} for scenario in SCENARIOS])


def _duties(role: str) -> Iterator[Duty]:
    if role:
        name, _, scope = role.partition(":")
        yield Duty(name, scope)
