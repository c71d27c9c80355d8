"""A declared connection to a child takes away every right on that child’s audits, and what they held passes on."""

import pytest
from sqlalchemy import select

from tests.factories import House, an_audit, assign
from tests.workflow.commands.directory.support import told
from workflow.commands import actions, assignments, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import see
from workflow.commands.directory.connections import declare_connection, end_connection
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet
from workflow.storage import tables
from workflow.storage.engine import read_transaction

CASE = ("practitioner", "team.manager", "service.manager", "qaro", "auditor", "moderator", "qa", "head.of.service", "hos.ppqa")


def connect(house: House, name: str, child: str = "C-1001", by: str = "") -> None:
    declare_connection(house.command_context(), house.person(by or name), child, house.person(name).id if by else None)


@pytest.mark.parametrize("child", ["C-1001", " c-1001 "])
@pytest.mark.parametrize("name", CASE)
def test_whoever_is_connected_knows_of_no_audit_of_that_child(house: House, name: str, child: str) -> None:
    reference, other = (
        an_audit(house, "shared", grade="inadequate"),
        an_audit(house, "shared", grade="inadequate", details={"child_id": "C-2"}),
    )
    assign(house, reference)
    assign(house, other)
    see(house.command_context(), house.person(name), reference)
    connect(house, name, child)
    with pytest.raises(NotFound):
        see(house.command_context(), house.person(name), reference)
    assert see(house.command_context(), house.person(name), other).audit.state == "shared"


def test_the_qa_service_is_told_at_once_of_what_must_pass_on(house: House) -> None:
    draft, shared = an_audit(house, "draft"), an_audit(house, "shared")
    assign(house, shared)
    an_audit(house, "draft", details={"child_id": "C-2"})
    for name in ("auditor", "moderator", "practitioner", "qaro"):
        connect(house, name)
    assert told(house, "duty_must_pass_on") == [f"QA inbox {draft}", f"QA inbox {shared}", f"QA inbox {shared}"]


def test_declaring_twice_is_declaring_once(house: House) -> None:
    an_audit(house, "draft")
    connect(house, "auditor")
    version = house.store.directory().version
    connect(house, "auditor", "c-1001", by="qa")
    assert house.store.directory().version == version
    assert len(told(house, "duty_must_pass_on")) == 1


def test_an_escalation_falls_to_who_stands_in_and_they_are_told(house: House) -> None:
    reference = an_audit(house, "shared", grade="inadequate")
    assert told(house, "escalation_opened") == [f"{name} {reference}" for name in ("head.of.service", "director.safeguarding", "hos.ppqa")]
    connect(house, "hos.ppqa")
    assert told(house, "escalation_opened")[3:] == [f"director.safeguarding {reference}"]
    director = house.person("director.safeguarding")
    escalations.acknowledge(house.command_context(), director, reference)
    escalations.acknowledge(house.command_context(), house.person("head.of.service"), reference)
    escalations.plan(house.command_context(), house.person("head.of.service"), reference, "Daily oversight.")
    escalations.resolve(house.command_context(), director, reference, "Carried out.")
    assert house.audit(reference).escalation_state == "resolved"


def test_a_new_escalation_is_opened_to_who_stands_in(house: House) -> None:
    connect(house, "head.of.service")
    reference = an_audit(house, "shared", grade="inadequate")
    escalation = house.audit(reference).escalation
    assert escalation is not None
    assert [(one.post, one.stands_in) for one in escalation.recipients] == [
        ("head_of_service", True),
        ("director", False),
        ("hos_ppqa", False),
    ]
    assert not [line for line in told(house, "escalation_opened") if line.startswith("head.of.service")]
    assert len(told(house, "post_found_vacant")) == 1


def test_nothing_is_told_to_who_is_connected_but_to_who_stands_in(house: House) -> None:
    reference = an_audit(house, "graded")
    for name in ("practitioner", "team.manager", "hos.ppqa"):
        connect(house, name)
    with pytest.raises(PreconditionsNotMet) as refused:
        audit_moves.share(house.command_context(), house.person("auditor"), reference)
    assert [one.message for one in refused.value.missing] == ["Action 1 can’t be given to this person: choose somebody else."]
    actions.change_action(
        house.command_context(), house.person("auditor"), reference, 1, NewAction("Visit.", "qaro@demo.example", "2026-12-20")
    )
    audit_moves.share(house.command_context(), house.person("auditor"), reference)
    audit_moves.withdraw(house.command_context(), house.person("qa"), reference, "Begun twice.")
    assert told(house, "audit_shared") == [f"{name} {reference}" for name in ("qaro", "service.manager", "QA inbox")]
    assert told(house, "action_assigned") == [f"qaro {reference}"]
    assert told(house, "withdrawal_requested") == [f"{name} {reference}" for name in ("director.safeguarding", "QA inbox")]


def test_nobody_is_given_what_they_may_not_know_of(house: House) -> None:
    shared, draft = an_audit(house, "shared"), an_audit(house, "draft", auditor="auditor2")
    for name in ("moderator", "qaro", "auditor"):
        connect(house, name)
    qa = house.person("qa")
    with pytest.raises(BadInput):
        assignments.assign_moderator(house.command_context(), qa, shared, "moderator@demo.example")
    with pytest.raises(BadInput):
        assignments.allocate(house.command_context(), qa, draft, "auditor@demo.example")
    with pytest.raises(BadInput):
        actions.add_action(house.command_context(), house.person("auditor2"), draft, NewAction("Visit.", "qaro@demo.example", "2026-12-20"))
    with pytest.raises(BadInput, match="can’t be taken"):
        drafting.start_audit(house.command_context(), house.person("auditor"), {"child_id": "c-1001"})
    assert house.audit(shared).moderator_id is None


@pytest.mark.parametrize("name", ["practitioner", "auditor", "admin", "governance", "head.of.service", "moderator"])
def test_only_the_qa_service_declares_for_another_and_ends(house: House, name: str) -> None:
    connect(house, "team.manager")
    with pytest.raises(PermissionDenied):
        connect(house, "qaro", by=name)
    with pytest.raises(PermissionDenied):
        end_connection(house.command_context(), house.person(name), 1)
    assert house.store.directory().connections.keys() == {house.person("team.manager").id}


def test_nobody_ends_their_own_and_what_was_declared_stays_on_the_record(house: House) -> None:
    reference = an_audit(house, "shared")
    connect(house, "qa")
    with pytest.raises(PermissionDenied):
        end_connection(house.command_context(), house.person("qa"), 1)
    with pytest.raises(NotFound):
        end_connection(house.command_context(), house.person("qa2"), 2)
    end_connection(house.command_context(), house.person("qa2"), 1)
    assert see(house.command_context(), house.person("qa"), reference).audit.state == "shared"
    with read_transaction(house.store.engine) as connection:
        kept = connection.execute(select(tables.connections)).one()
    assert (kept.declared_by, kept.ended_by) == (house.person("qa").id, house.person("qa2").id)
    with pytest.raises(NotFound):
        end_connection(house.command_context(), house.person("qa2"), 1)


@pytest.mark.parametrize("child", ["", "  ", "x" * 41, "a\nb", "a\x00", 7, None])
def test_what_is_no_id_is_refused_and_changes_nothing(house: House, child: object) -> None:
    before = house.store.directory().version
    with pytest.raises(BadInput):
        declare_connection(house.command_context(), house.person("qaro"), child)
    assert house.store.directory().version == before
