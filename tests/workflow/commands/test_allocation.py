"""An audit given to another auditor is theirs whole: its actions, its text and a declaration of their own."""

import json

import pytest

from tests.factories import World, an_audit, assign
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.commands import actions, assignments, audit_moves, drafting
from workflow.commands.actions import NewAction
from workflow.commands.directory import people
from workflow.errors import NotFound, PermissionDenied, PreconditionsNotMet

REWORDED = NewAction("Visit twice.", "qaro@demo.example", "2026-12-21")


def given_to_another(world: World, at: str = "graded") -> str:
    reference = an_audit(world, at)
    assignments.allocate(world.command_context(), world.person("qa"), reference, "auditor2@demo.example")
    return reference


def test_they_change_and_remove_every_action_of_the_auditor_before(world: World) -> None:
    reference = given_to_another(world)
    who = world.person("auditor2")
    assert actions.change_action(world.command_context(), who, reference, 1, REWORDED).text == "Visit twice."
    actions.add_action(world.command_context(), who, reference, REWORDED)
    assert [one.number for one in actions.remove_action(world.command_context(), who, reference, 1).actions] == [2]
    with pytest.raises((NotFound, PermissionDenied)):
        actions.remove_action(world.command_context(), world.person("auditor"), reference, 2)


def test_they_make_the_declaration_again_and_the_history_keeps_the_one_before(world: World, council: Council) -> None:
    reference = given_to_another(world)
    audit = world.audit(reference)
    assert audit.answer("declaration", "no_conflict") is None
    with pytest.raises(PreconditionsNotMet) as refused:
        audit_moves.share(world.command_context(), world.person("auditor2"), reference)
    assert [one.section for one in refused.value.missing] == ["declaration"]
    assert json.loads(world.store.history(audit)[-1].entry.facts)["declared_before"] is True
    context, who = world.command_context(), world.person("auditor2")
    drafting.save_section(context, who, reference, "declaration", {"no_conflict": True}, audit.version)
    audit_moves.share(world.command_context(), who, reference)
    assert find_first_break(council, [reference]) == ""


def test_the_owner_of_an_action_who_left_is_replaced_by_the_new_auditor_who_shares(world: World) -> None:
    reference = given_to_another(world)
    people.mark_as_left(world.command_context(), world.person("admin"), world.person("auditor").id)
    actions.change_action(world.command_context(), world.person("auditor2"), reference, 1, REWORDED)
    context, who = world.command_context(), world.person("auditor2")
    drafting.save_section(context, who, reference, "declaration", {"no_conflict": True}, world.audit(reference).version)
    assert audit_moves.share(world.command_context(), who, reference).state == "shared"


def test_allocated_to_the_same_auditor_the_declaration_stands(world: World) -> None:
    reference = an_audit(world, "graded")
    assignments.allocate(world.command_context(), world.person("qa"), reference, "auditor@demo.example")
    assert world.audit(reference).answer("declaration", "no_conflict") is True


def test_the_moderator_assigned_next_has_the_actions_of_the_one_before(world: World) -> None:
    reference = an_audit(world, "shared")
    assign(world, reference)
    added = actions.add_action(world.command_context(), world.person("moderator"), reference, REWORDED)
    assign(world, reference, "moderator2")
    with pytest.raises((NotFound, PermissionDenied)):
        actions.remove_action(world.command_context(), world.person("moderator"), reference, added.number)
    after = actions.remove_action(world.command_context(), world.person("moderator2"), reference, added.number)
    assert added.number not in [one.number for one in after.actions]
