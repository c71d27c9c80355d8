"""Short ways to say what is done to the directory, and what it then holds."""

import json

from sqlalchemy import select

from tests.factories import World
from workflow.commands.directory import delegations, roles
from workflow.directory import Duty
from workflow.roles import SCOPED
from workflow.storage import tables
from workflow.storage.engine import read_transaction

SCOPES = {"service": "care", "branch": "parenting"}
EVERYBODY = (
    "auditor", "practitioner", "team.manager", "service.manager", "qaro", "moderator", "qa", "head.of.service", "director.parenting",
    "hos.ppqa", "governance", "admin",
)  # fmt: skip


def duty(role: str, *, deputy: bool = False) -> Duty:
    return Duty(role, SCOPES.get(SCOPED.get(role, ""), ""), deputy)


def give(world: World, by: str, to: str, role: str, *, deputy: bool = False) -> str:
    return roles.give_role(world.command_context(), world.person(by), world.person(to).id, duty(role, deputy=deputy))


def answer(world: World, by: str, request: int = 1, *, granted: bool = True) -> None:
    roles.answer_request(world.command_context(), world.person(by), request, is_granted=granted)


def pass_on(world: World, by: str, to: str, held: Duty, giver: str = "", days: tuple[str, str] = ("2026-11-23", "2026-11-30")) -> str:
    return delegations.delegate(world.command_context(), world.person(by), world.person(giver or by).id, world.person(to).id, held, days)


def kept(world: World) -> list[tuple[str, str, str | None]]:
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(tables.directory_history).order_by(tables.directory_history.c.id)).all()
    return [(row.by_name, row.verb, json.dumps(row.facts)) for row in rows]


def held(world: World) -> tuple[object, ...]:
    directory = world.store.directory()
    return directory.version, directory.people, directory.teams, directory.names


def passed_on(world: World) -> list[tuple[str, int | None]]:
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(tables.notices).where(tables.notices.c.event == "duty_must_pass_on").order_by(tables.notices.c.id))
        return [(row.reference, row.action) for row in rows]


def sent_notices(world: World, event: str) -> list[str]:
    """First parts of addresses, with the audit’s reference."""
    people = world.store.directory().people
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(tables.outbox).where(tables.outbox.c.event == event).order_by(tables.outbox.c.id)).all()
    return [f"{people[row.recipient].email.partition('@')[0] if row.recipient else 'QA inbox'} {row.reference}".strip() for row in rows]
