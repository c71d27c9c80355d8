"""Who hears of what, against the table of the rules; one person in two roles is told once."""

from dataclasses import replace

import pytest

from tests.factories import House, an_audit, assign, resolve, save, settle
from workflow.commands import actions, assignments, audit_moves, escalations
from workflow.commands.actions import NewAction
from workflow.directory import Directory, Duty, Person

CASE = {"practitioner", "team.manager", "service.manager", "qaro"}
SHARED = {*CASE, "QA inbox"}
ESCALATION = {"head.of.service", "director.safeguarding", "hos.ppqa"}


def told(house: House, event: str) -> list[str]:
    """Sorted first parts of addresses, one for each notice of the event."""
    people = house.store.directory().people
    names = [
        people[one.person_id].email.partition("@")[0] if one.person_id else "QA inbox" for one in house.store.sent if one.event == event
    ]
    return sorted(names)


def test_sharing_tells_the_case_and_the_qa_inbox(fake_house: House) -> None:
    an_audit(fake_house, at="graded")
    assert told(fake_house, "audit_shared") == []
    an_audit(fake_house, at="shared")
    assert told(fake_house, "audit_shared") == sorted(SHARED)
    assert told(fake_house, "escalation_opened") == []
    assert told(fake_house, "action_assigned") == ["practitioner"]


def test_an_inadequate_judgement_tells_the_three_in_addition(fake_house: House) -> None:
    an_audit(fake_house, at="shared", grade="inadequate")
    assert told(fake_house, "audit_shared") == sorted(SHARED)
    assert told(fake_house, "escalation_opened") == sorted(ESCALATION)


@pytest.mark.parametrize("moderated", ["good", "requires_improvement", "inadequate"])
def test_moderation_tells_the_case_too_where_the_grade_changed(fake_house: House, moderated: str) -> None:
    an_audit(fake_house, at="moderated", grade="good", moderated_grade=moderated)
    always = {"auditor", "team.manager", "QA inbox"}
    assert told(fake_house, "audit_moderated") == sorted(always if moderated == "good" else always | SHARED)
    assert told(fake_house, "escalation_opened") == (sorted(ESCALATION) if moderated == "inadequate" else [])


def test_waiving_moderation_tells_whom_moderating_would(fake_house: House) -> None:
    reference = an_audit(fake_house, at="shared")
    audit_moves.waive_moderation(fake_house.command_context(), fake_house.person("qa"), reference, "Not picked.")
    assert told(fake_house, "moderation_waived") == ["QA inbox", "auditor", "team.manager"]


@pytest.mark.parametrize(("grade", "hears"), [("good", "QA inbox"), ("inadequate", "hos.ppqa")])
def test_a_reported_completion_tells_who_verifies(fake_house: House, grade: str, hears: str) -> None:
    reference = an_audit(fake_house, at="moderated", grade=grade)
    settle(fake_house, reference)
    assert told(fake_house, "completion_reported") == [hears]


def test_closing_tells_the_auditor_the_manager_and_the_practitioner(fake_house: House) -> None:
    an_audit(fake_house, at="actions_closed")
    assert told(fake_house, "audit_closed") == ["auditor", "practitioner", "team.manager"]


def test_the_rest_of_an_escalation_is_told(fake_house: House) -> None:
    resolve(fake_house, an_audit(fake_house, at="shared", grade="inadequate"))
    assert told(fake_house, "plan_recorded") == ["hos.ppqa"]
    assert told(fake_house, "escalation_resolved") == sorted({*ESCALATION, "QA inbox"})


def test_who_is_given_work_is_told(fake_house: House) -> None:
    reference = an_audit(fake_house, at="shared")
    assign(fake_house, reference)
    assignments.assign_moderator(fake_house.command_context(), fake_house.person("qa"), reference, "moderator2@demo.example")
    assert told(fake_house, "moderator_assigned") == ["moderator", "moderator2"]


def test_a_new_action_of_section_15_waits_for_the_moderation_to_be_told(fake_house: House) -> None:
    reference = an_audit(fake_house, at="shared")
    assign(fake_house, reference)
    new = NewAction("Plan it.", "qaro@demo.example", "2026-12-24")
    actions.add_action(fake_house.command_context(), fake_house.person("moderator"), reference, new)
    assert told(fake_house, "action_assigned") == ["practitioner"]
    save(fake_house, "moderator", reference, "moderation", {"grade": "good", "evidence": "Seen.", "impact": "Safer."})
    audit_moves.moderate(fake_house.command_context(), fake_house.person("moderator"), reference)
    assert told(fake_house, "action_assigned") == ["practitioner", "qaro"]


def test_asking_to_withdraw_tells_who_must_agree(fake_house: House) -> None:
    reference = an_audit(fake_house, at="draft")
    audit_moves.withdraw(fake_house.command_context(), fake_house.person("auditor"), reference, "The wrong child.")
    assert told(fake_house, "withdrawal_requested") == ["hos.ppqa"]
    audit_moves.withdraw(fake_house.command_context(), fake_house.person("hos.ppqa"), reference, "Agreed.")
    assert told(fake_house, "audit_withdrawn") == ["QA inbox", "auditor"]


def test_one_person_in_two_roles_is_told_once(fake_house: House) -> None:
    both = fake_house.person("service.manager")
    _set_duties(fake_house, both, {*both.duties, Duty("qaro"), Duty("team_manager")})
    case = dict.fromkeys(("team_manager", "service_manager", "qaro"), "service.manager@demo.example")
    an_audit(fake_house, at="shared", details=case)
    assert told(fake_house, "audit_shared") == ["QA inbox", "practitioner", "service.manager"]


@pytest.mark.parametrize("post", ["head.of.service", "director.safeguarding", "hos.ppqa"])
def test_a_vacant_post_falls_to_somebody_and_the_qa_inbox_is_told(fake_house: House, post: str) -> None:
    _leaves(fake_house, post)
    reference = an_audit(fake_house, at="shared", grade="inadequate")
    hearing = told(fake_house, "escalation_opened")
    assert post not in hearing
    assert set(hearing) <= ESCALATION - {post}
    assert told(fake_house, "post_found_vacant") == ["QA inbox"]
    escalation = fake_house.audit(reference).escalation
    assert escalation is not None
    assert [one.stands_in for one in escalation.recipients].count(True) == 1


def test_a_deputy_stands_in_before_the_next_post_up(fake_house: House) -> None:
    scope = _scope(fake_house, "head.of.service")
    deputy = fake_house.person("head.of.service2")
    _set_duties(fake_house, deputy, {*deputy.duties, Duty("head_of_service", scope, is_deputy=True)})
    _leaves(fake_house, "head.of.service")
    reference = an_audit(fake_house, at="shared", grade="inadequate")
    assert told(fake_house, "escalation_opened") == ["director.safeguarding", "head.of.service2", "hos.ppqa"]
    escalations.acknowledge(fake_house.command_context(), fake_house.person("head.of.service2"), reference)


def _scope(house: House, name: str) -> str:
    return next(duty.scope for duty in house.person(name).duties if duty.role == "head_of_service")


def _set_duties(house: House, person: Person, duties: set[Duty]) -> None:
    _replace(house, replace(person, duties=frozenset(duties)))


def _leaves(house: House, name: str) -> None:
    _replace(house, replace(house.person(name), is_active=False))


def _replace(house: House, person: Person) -> None:
    old: Directory = house.store.directory()
    people = {**old.people, person.id: person}
    house.store._directory = Directory(old.version + 1, people, old.teams, old.names, old.next_up)
