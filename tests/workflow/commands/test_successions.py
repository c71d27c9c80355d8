"""Somebody else named for a duty on a shared audit: told at once, on the record, and what was sealed stays."""

import json
from dataclasses import replace

import pytest

from tests.factories import World, an_audit, assign
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.child_ids import child_key
from workflow.commands import action_moves, actions, audit_moves, successions
from workflow.commands.audit_view import see
from workflow.directory import Duty
from workflow.duty_holders import holder_of
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet, Refusal
from workflow.models import Audit

ROLES = {"team_manager": "team.manager", "service_manager": "service.manager", "qaro": "qaro", "practitioner": "practitioner"}


def _name(world: World, reference: str, role: str, to: str, by: str = "qa", reason: str = "She has left.") -> Audit:
    return successions.name_person(world.command_context(), world.person(by), reference, role, f"{to}@demo.example", reason)


def _own(world: World, reference: str, to: str, by: str = "qa") -> None:
    successions.name_owner(world.command_context(), world.person(by), reference, 1, f"{to}@demo.example", "He is away.")


def _hold(world: World, name: str, *roles: str) -> None:
    old, person = world.store.directory(), world.person(name)
    duties = person.duties | {Duty(role) for role in roles}
    people = {**old.people, person.id: replace(person, duties=duties)}
    world.store._directory = replace(old, version=old.version + 1, people=people)


@pytest.mark.parametrize("by", ["qa", "hos.ppqa"])
@pytest.mark.parametrize("role", ROLES)
def test_the_successor_is_told_and_the_predecessor_knows_nothing_of_it_any_more(fake_world: World, role: str, by: str) -> None:
    reference = an_audit(fake_world)
    sealed = fake_world.store.kept_seals[reference][0].content
    _hold(fake_world, "qa2", role)
    audit = _name(fake_world, reference, role, "qa2", by)
    assert holder_of(role, audit, fake_world.store.directory()).named == fake_world.person("qa2")
    told = [(one.event, one.recipient) for one in fake_world.store.sent[-1:]]
    assert told == [("duty_given", fake_world.person("qa2").id)]
    row = fake_world.store.rows[reference][-1]
    facts = json.loads(row.entry.facts)
    assert (row.entry.move, facts["role"], facts["person"]) == ("name_person", role, fake_world.person("qa2").id)
    assert fake_world.store.reasons[reference][row.number] == "She has left."
    assert fake_world.store.kept_seals[reference][0].content == sealed
    assert see(fake_world.command_context(), fake_world.person("qa2"), reference).ties >= {role}
    if role != "practitioner":
        with pytest.raises(NotFound):
            see(fake_world.command_context(), fake_world.person(ROLES[role]), reference)


def test_the_new_owner_and_the_team_manager_are_told(fake_world: World) -> None:
    reference = an_audit(fake_world)
    _own(fake_world, reference, "practitioner2")
    told = {(one.event, one.recipient, one.action) for one in fake_world.store.sent[-2:]}
    assert told == {("action_given", fake_world.person(who).id, 1) for who in ("practitioner2", "team.manager")}
    actions.record_progress(fake_world.command_context(), fake_world.person("practitioner2"), reference, 1, "Begun.")
    with pytest.raises(PermissionDenied):
        actions.record_progress(fake_world.command_context(), fake_world.person("practitioner"), reference, 1, "Begun.")


@pytest.mark.parametrize(
    ("role", "to", "refusal"),
    [
        ("team_manager", "practitioner2", BadInput), ("team_manager", "admin", BadInput), ("team_manager", "team.manager", BadInput),
        ("team_manager", "auditor", PreconditionsNotMet), ("team_manager", "moderator", PreconditionsNotMet), ("qaro", "moderator", PreconditionsNotMet),
        ("team_manager", "nobody", BadInput), ("auditor", "auditor2", NotFound), ("moderator", "moderator2", NotFound), ("qa", "qa2", NotFound),
    ],
)  # fmt: skip
def test_who_can_not_hold_the_role_is_refused(fake_world: World, role: str, to: str, refusal: type[Refusal]) -> None:
    reference = an_audit(fake_world, at="shared")
    assign(fake_world, reference)
    for name in ("auditor", "moderator"):
        _hold(fake_world, name, "team_manager", "qaro")
    before = fake_world.audit(reference), len(fake_world.store.sent)
    with pytest.raises(refusal):
        _name(fake_world, reference, role, to)
    assert (fake_world.audit(reference), len(fake_world.store.sent)) == before


def test_the_auditor_may_be_the_qaro(fake_world: World) -> None:
    reference = an_audit(fake_world)
    _hold(fake_world, "auditor", "qaro")
    assert _name(fake_world, reference, "qaro", "auditor").header.qaro_id == fake_world.person("auditor").id


@pytest.mark.parametrize("to", ["admin", "governance", "practitioner", "nobody"])
def test_who_can_not_own_an_action_is_refused(fake_world: World, to: str) -> None:
    reference = an_audit(fake_world)
    with pytest.raises(BadInput):
        _own(fake_world, reference, to)


def test_somebody_connected_to_the_child_is_refused_without_saying_why(fake_world: World) -> None:
    reference = an_audit(fake_world)
    old = fake_world.store.directory()
    connections = {fake_world.person("team.manager2").id: frozenset({str(child_key("C-1001"))})}
    fake_world.store._directory = replace(old, version=old.version + 1, connections=connections)
    with pytest.raises(BadInput) as refusal:
        _name(fake_world, reference, "team_manager", "team.manager2")
    assert refusal.value.missing[0].message.endswith(" can’t be given this: choose somebody else.")


@pytest.mark.parametrize("state", ["draft", "graded", "actions_closed"])
def test_only_on_a_shared_audit_until_it_is_closed(fake_world: World, state: str) -> None:
    reference = an_audit(fake_world, at=state)
    with pytest.raises(PermissionDenied):
        _name(fake_world, reference, "team_manager", "team.manager2")


@pytest.mark.parametrize("by", ["auditor", "team.manager", "service.manager", "admin", "governance", "practitioner", "head.of.service"])
def test_nobody_but_the_qa_service_names_somebody_else(fake_world: World, by: str) -> None:
    reference = an_audit(fake_world)
    with pytest.raises(PermissionDenied):
        _name(fake_world, reference, "team_manager", "team.manager2", by)
    with pytest.raises((PermissionDenied, NotFound)):
        _own(fake_world, reference, "practitioner2", by)


def test_a_reason_is_needed(fake_world: World) -> None:
    reference = an_audit(fake_world)
    with pytest.raises(BadInput):
        _name(fake_world, reference, "team_manager", "team.manager2", reason=" ")


def test_a_settled_action_keeps_its_owner(fake_world: World) -> None:
    reference = an_audit(fake_world)
    action_moves.cancel(fake_world.command_context(), fake_world.person("qa"), reference, 1, "No longer needed.")
    with pytest.raises(PermissionDenied):
        _own(fake_world, reference, "practitioner2")


def test_a_correction_names_the_people_of_now_and_the_history_stays_intact(council: Council, world: World) -> None:
    """Shared, passed on, returned, passed on again while it is corrected, and shared again."""
    reference = an_audit(world, at="shared")
    _name(world, reference, "team_manager", "team.manager2")
    _own(world, reference, "practitioner2")
    assert find_first_break(council, [reference]) == ""
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "A wrong date.")
    assert world.audit(reference).answer("details", "team_manager") == world.person("team.manager2").id
    _name(world, reference, "team_manager", "team.manager")
    assert find_first_break(council, [reference]) == ""
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    audit = world.audit(reference)
    assert audit.answer("details", "team_manager") == audit.header.team_manager_id == world.person("team.manager").id
    assert find_first_break(council, [reference]) == ""
