"""A declared connection to a child takes away every right on that child’s audits, and what they held passes on."""

import tomllib
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories import DETAILS, PERMISSIONS, World, an_audit, assign, save
from tests.workflow.commands.directory.support import sent_notices
from workflow.commands import actions, assignments, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import see
from workflow.commands.directory.connections import declare_connection, end_connection
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet
from workflow.storage import tables
from workflow.storage.engine import read_transaction
from workflow.storage.visibility import VisibilityFilter

SAME = tomllib.loads((Path(__file__).parents[2] / "support" / "child_ids.toml").read_text(encoding="utf-8"))["same"]

CASE = ("practitioner", "team.manager", "service.manager", "qaro", "auditor", "moderator", "qa", "head.of.service", "hos.ppqa")


def connect(world: World, name: str, child: str = "C-1001", by: str = "") -> None:
    declare_connection(world.command_context(), world.person(by or name), child, world.person(name).id if by else None)


@pytest.mark.parametrize("child", ["C-1001", " c 1001 ", "00Ｃ／1001"])
@pytest.mark.parametrize("name", CASE)
def test_a_connected_person_knows_of_no_audit_of_that_child(world: World, name: str, child: str) -> None:
    reference, other = (
        an_audit(world, "shared", grade="inadequate"),
        an_audit(world, "shared", grade="inadequate", details={"child_id": "C-2"}),
    )
    assign(world, reference)
    assign(world, other)
    see(world.command_context(), world.person(name), reference)
    connect(world, name, child)
    with pytest.raises(NotFound):
        see(world.command_context(), world.person(name), reference)
    assert see(world.command_context(), world.person(name), other).audit.state == "shared"


@pytest.mark.parametrize("alike", SAME, ids=lambda alike: alike[0])
def test_it_holds_for_every_way_of_writing_the_id(world: World, alike: list[str]) -> None:
    references = {an_audit(world, "shared", details={"child_id": typed}) for typed in alike}
    connect(world, "qaro", alike[-1])
    reader = VisibilityFilter(world.person("qaro"), world.store.directory(), PERMISSIONS)
    with read_transaction(world.store.engine) as connection:
        listed = connection.execute(select(tables.audits.c.reference).where(reader.permitted("know"))).scalars().all()
    assert references.isdisjoint(listed)
    for reference in references:
        with pytest.raises(NotFound):
            see(world.command_context(), world.person("qaro"), reference)


def test_the_qa_service_is_told_at_once_of_what_must_pass_on(world: World) -> None:
    draft, shared = an_audit(world, "draft"), an_audit(world, "shared")
    assign(world, shared)
    an_audit(world, "draft", details={"child_id": "C-2"})
    for name in ("auditor", "moderator", "practitioner", "qaro"):
        connect(world, name)
    assert sent_notices(world, "duty_must_pass_on") == [f"QA inbox {draft}", *[f"QA inbox {shared}"] * 3]


def test_declaring_twice_is_declaring_once(world: World) -> None:
    an_audit(world, "draft")
    connect(world, "auditor")
    version = world.store.directory().version
    connect(world, "auditor", "c1001", by="qa")
    assert world.store.directory().version == version
    assert len(sent_notices(world, "duty_must_pass_on")) == 1


def test_what_is_no_id_is_refused_and_stops_nobody_elses_audit(world: World) -> None:
    reference = an_audit(world, "shared", details={"child_id": "Unborn"})
    with pytest.raises(BadInput) as refused:
        connect(world, "qaro", "unborn")
    assert refused.value.missing[0].message.startswith("This is not an ID number.")
    assert see(world.command_context(), world.person("qaro"), reference).audit.state == "shared"


def test_an_escalation_falls_to_the_deputy_who_is_notified(world: World) -> None:
    reference = an_audit(world, "shared", grade="inadequate")
    assert sent_notices(world, "escalation_opened") == [
        f"{name} {reference}" for name in ("head.of.service", "director.safeguarding", "hos.ppqa")
    ]
    connect(world, "hos.ppqa")
    assert sent_notices(world, "escalation_opened")[3:] == [f"director.safeguarding {reference}"]
    director = world.person("director.safeguarding")
    escalations.acknowledge(world.command_context(), director, reference)
    escalations.acknowledge(world.command_context(), world.person("head.of.service"), reference)
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, "Daily oversight.")
    escalations.resolve(world.command_context(), director, reference, "Carried out.")
    assert world.audit(reference).escalation_state == "resolved"


def test_a_new_escalation_is_opened_to_the_deputy(world: World) -> None:
    connect(world, "head.of.service")
    reference = an_audit(world, "shared", grade="inadequate")
    escalation = world.audit(reference).escalation
    assert escalation is not None
    assert [(one.post, one.stands_in) for one in escalation.recipients] == [
        ("head_of_service", True),
        ("director", False),
        ("hos_ppqa", False),
    ]
    assert not [line for line in sent_notices(world, "escalation_opened") if line.startswith("head.of.service")]
    assert len(sent_notices(world, "post_found_vacant")) == 1


def test_an_audit_is_not_shared_with_a_connected_person(world: World) -> None:
    reference = an_audit(world, "graded")
    for name in ("practitioner", "team.manager"):
        connect(world, name)
    with pytest.raises(PreconditionsNotMet) as refused:
        audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assert [one.message for one in refused.value.missing] == [
        "Action 1: Priya Nair can’t be given this: choose somebody else.",
        "Social Worker/PA: Priya Nair can’t be given this: choose somebody else.",
        "Team Manager: Tess Marlow can’t be given this: choose somebody else.",
    ]
    actions.change_action(
        world.command_context(), world.person("auditor"), reference, 1, NewAction("Visit.", "qaro@demo.example", "2026-12-20")
    )
    others = {"practitioner": "practitioner2@demo.example", "team_manager": "team.manager2@demo.example"}
    save(world, "auditor", reference, "details", {**DETAILS, **others})
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    told = ("practitioner2", "team.manager2", "qaro", "service.manager", "QA inbox")
    assert sent_notices(world, "audit_shared") == [f"{name} {reference}" for name in told]
    assert sent_notices(world, "action_assigned") == [f"qaro {reference}"]


def test_notices_go_to_the_deputy_and_not_to_the_connected_person(world: World) -> None:
    reference = an_audit(world, "shared")
    for name in ("practitioner", "hos.ppqa"):
        connect(world, name)
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "Begun twice.")
    assert sent_notices(world, "withdrawal_requested") == [f"{name} {reference}" for name in ("director.safeguarding", "QA inbox")]


def test_nobody_is_given_what_they_may_not_know_of(world: World) -> None:
    shared, draft = an_audit(world, "shared"), an_audit(world, "draft", auditor="auditor2")
    for name in ("moderator", "qaro", "auditor"):
        connect(world, name)
    qa = world.person("qa")
    with pytest.raises(BadInput):
        assignments.assign_moderator(world.command_context(), qa, shared, "moderator@demo.example")
    with pytest.raises(BadInput):
        assignments.allocate(world.command_context(), qa, draft, "auditor@demo.example")
    with pytest.raises(BadInput):
        actions.add_action(world.command_context(), world.person("auditor2"), draft, NewAction("Visit.", "qaro@demo.example", "2026-12-20"))
    with pytest.raises(BadInput, match="can’t be accepted"):
        drafting.start_audit(world.command_context(), world.person("auditor"), {"child_id": "c-1001"})
    assert world.audit(shared).moderator_id is None


@pytest.mark.parametrize("name", ["practitioner", "auditor", "admin", "governance", "head.of.service", "moderator"])
def test_only_the_qa_service_declares_for_another_and_ends(world: World, name: str) -> None:
    connect(world, "team.manager")
    with pytest.raises(PermissionDenied):
        connect(world, "qaro", by=name)
    with pytest.raises(PermissionDenied):
        end_connection(world.command_context(), world.person(name), 1)
    assert world.store.directory().connections.keys() == {world.person("team.manager").id}


def test_nobody_ends_their_own_and_what_was_declared_stays_on_the_record(world: World) -> None:
    reference = an_audit(world, "shared")
    connect(world, "qa")
    with pytest.raises(PermissionDenied):
        end_connection(world.command_context(), world.person("qa"), 1)
    with pytest.raises(NotFound):
        end_connection(world.command_context(), world.person("qa2"), 2)
    end_connection(world.command_context(), world.person("qa2"), 1)
    assert see(world.command_context(), world.person("qa"), reference).audit.state == "shared"
    with read_transaction(world.store.engine) as connection:
        kept = connection.execute(select(tables.connections)).one()
    assert (kept.declared_by, kept.ended_by) == (world.person("qa").id, world.person("qa2").id)
    with pytest.raises(NotFound):
        end_connection(world.command_context(), world.person("qa2"), 1)


@pytest.mark.parametrize("child", ["", "  ", "x" * 41, "unknown", "a\x00", 7, None])
def test_what_is_no_id_is_refused_and_changes_nothing(world: World, child: object) -> None:
    before = world.store.directory().version
    with pytest.raises(BadInput):
        declare_connection(world.command_context(), world.person("qaro"), child)
    assert world.store.directory().version == before
