"""Who is asked to agree to a withdrawal, and can: the HoS for Practice, Performance and QA, else their deputy, else the director."""

import pytest

from tests.factories import World, an_audit
from tests.workflow.commands.directory.support import answer, sent_notices
from workflow.commands import audit_moves
from workflow.commands.audit_view import see
from workflow.commands.directory import bulk_import, people, roles
from workflow.commands.directory.bulk_import import Line
from workflow.directory import Duty
from workflow.errors import NotFound, PermissionDenied
from workflow.storage.engine import read_transaction
from workflow.storage.tables import audits
from workflow.storage.visibility import VisibilityFilter

HOS, DIRECTOR, DEPUTY = "hos.ppqa", "director.safeguarding", "service.manager"


def asks(world: World, who: str = "auditor", at: str = "shared") -> str:
    reference = an_audit(world, at)
    audit_moves.withdraw(world.command_context(), world.person(who), reference, "Begun twice.")
    return reference


def agrees(world: World, who: str, reference: str) -> str:
    return audit_moves.withdraw(world.command_context(), world.person(who), reference, "Yes.").state


def hos_leaves(world: World) -> None:
    people.mark_as_left(world.command_context(), world.person("admin"), world.person(HOS).id)


def has_a_deputy(world: World) -> None:
    roles.give_role(world.command_context(), world.person("admin"), world.person(DEPUTY).id, Duty("hos_ppqa", is_deputy=True))
    answer(world, HOS)


def told(world: World) -> list[str]:
    return [line.split(" ")[0] for line in sent_notices(world, "withdrawal_requested")]


def may_know(world: World, reference: str) -> set[str]:
    """As lists have it, which must be as the audit itself has it."""
    context, found = world.command_context(), set()
    for name in (HOS, DIRECTOR, DEPUTY, "director.parenting"):
        reader = VisibilityFilter(world.person(name), context.directory, context.permissions)
        with read_transaction(world.store.engine) as connection:
            listed = connection.execute(audits.select().where(audits.c.reference == reference, reader.permitted("know"))).first()
            named = connection.execute(reader.audits_naming_person()).scalars().all()
        try:
            is_approver = "approver" in see(context, world.person(name), reference).ties
        except NotFound:
            assert listed is None
            continue
        assert listed is not None
        assert not is_approver or listed.id in named
        found |= {name} if is_approver else set()
    return found


@pytest.mark.parametrize("at", ["practitioner_consulted", "shared"])
def test_the_usual_post_alone_is_asked_and_can_agree(world: World, at: str) -> None:
    has_a_deputy(world)
    reference = asks(world, at=at)
    assert told(world) == [HOS]
    assert may_know(world, reference) == {HOS}
    for name in (DEPUTY, DIRECTOR):
        with pytest.raises((PermissionDenied, NotFound)):
            agrees(world, name, reference)
    assert agrees(world, HOS, reference) == "withdrawn"


@pytest.mark.parametrize("at", ["practitioner_consulted", "shared"])
def test_a_vacant_post_falls_to_the_deputy_and_then_to_the_director(world: World, at: str) -> None:
    has_a_deputy(world)
    hos_leaves(world)
    reference = asks(world, at=at)
    assert told(world) == [DEPUTY, "QA"]
    assert may_know(world, reference) == {DEPUTY}
    people.mark_as_left(world.command_context(), world.person("admin"), world.person(DEPUTY).id)
    assert told(world)[2:] == [DIRECTOR], "told in the commit in which it fell to them"
    assert may_know(world, reference) == {DIRECTOR}
    with pytest.raises((PermissionDenied, NotFound)):
        agrees(world, "director.parenting", reference)
    assert agrees(world, DIRECTOR, reference) == "withdrawn"


def test_the_person_who_asked_is_not_asked(world: World) -> None:
    line = Line(2, f"{HOS}@demo.example", world.person(HOS).name, roles="hos_ppqa;qa")
    bulk_import.import_people(world.command_context(), (line,))
    reference = asks(world, HOS)
    assert told(world) == [DIRECTOR, "QA"]
    assert may_know(world, reference) == {DIRECTOR}
    assert agrees(world, DIRECTOR, reference) == "withdrawn"
