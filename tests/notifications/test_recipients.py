"""Who is notified of what, compared with the table of the rules; one person in two roles is notified once."""

from dataclasses import replace

import pytest

from tests.factories import NOTIFICATION_RULES, World, an_audit, assign, resolve, save, settle
from workflow.commands import actions, assignments, audit_moves, escalations
from workflow.commands.actions import NewAction
from workflow.directory import Directory, Duty, Person
from workflow.events import Event

CASE = {"practitioner", "team.manager", "service.manager", "qaro"}
SHARED = {*CASE, "QA inbox"}
ESCALATION = {"head.of.service", "director.safeguarding", "hos.ppqa"}


def sent_notices(world: World, event: str) -> list[str]:
    """Sorted first parts of addresses, one for each notice of the event."""
    people = world.store.directory().people
    names = [
        people[one.recipient].email.partition("@")[0] if one.recipient else "QA inbox" for one in world.store.sent if one.event == event
    ]
    return sorted(names)


def test_sharing_notifies_the_people_of_the_case_and_the_qa_inbox(fake_world: World) -> None:
    an_audit(fake_world, at="graded")
    assert sent_notices(fake_world, "audit_shared") == []
    an_audit(fake_world, at="shared")
    assert sent_notices(fake_world, "audit_shared") == sorted(SHARED)
    assert sent_notices(fake_world, "escalation_opened") == []
    assert sent_notices(fake_world, "action_assigned") == ["practitioner"]


def test_an_inadequate_judgement_also_notifies_the_three_posts(fake_world: World) -> None:
    an_audit(fake_world, at="shared", grade="inadequate")
    assert sent_notices(fake_world, "audit_shared") == sorted(SHARED)
    assert sent_notices(fake_world, "escalation_opened") == sorted(ESCALATION)


@pytest.mark.parametrize("moderated", ["good", "requires_improvement", "inadequate"])
def test_moderation_that_changed_the_grade_also_notifies_the_people_of_the_case(fake_world: World, moderated: str) -> None:
    an_audit(fake_world, at="moderated", grade="good", moderated_grade=moderated)
    always = {"auditor", "team.manager", "QA inbox"}
    assert sent_notices(fake_world, "audit_moderated") == sorted(always if moderated == "good" else always | SHARED)
    assert sent_notices(fake_world, "escalation_opened") == (sorted(ESCALATION) if moderated == "inadequate" else [])


def test_waiving_moderation_notifies_the_same_people_as_moderating(fake_world: World) -> None:
    reference = an_audit(fake_world, at="shared")
    audit_moves.waive_moderation(fake_world.command_context(), fake_world.person("qa"), reference, "Not picked.")
    assert sent_notices(fake_world, "moderation_waived") == ["QA inbox", "auditor", "team.manager"]


@pytest.mark.parametrize(("grade", "recipient"), [("good", "QA inbox"), ("inadequate", "hos.ppqa")])
def test_a_reported_completion_notifies_the_people_who_verify(fake_world: World, grade: str, recipient: str) -> None:
    reference = an_audit(fake_world, at="moderated", grade=grade)
    settle(fake_world, reference)
    assert sent_notices(fake_world, "completion_reported") == [recipient]


def test_closing_notifies_the_auditor_the_manager_and_the_practitioner(fake_world: World) -> None:
    an_audit(fake_world, at="actions_closed")
    assert sent_notices(fake_world, "audit_closed") == ["auditor", "practitioner", "team.manager"]


def test_each_step_of_an_escalation_is_notified(fake_world: World) -> None:
    resolve(fake_world, an_audit(fake_world, at="shared", grade="inadequate"))
    assert sent_notices(fake_world, "plan_recorded") == ["hos.ppqa"]
    assert sent_notices(fake_world, "escalation_resolved") == sorted({*ESCALATION, "QA inbox"})


def test_a_person_who_is_given_work_is_notified(fake_world: World) -> None:
    reference = an_audit(fake_world, at="shared")
    assign(fake_world, reference)
    assignments.assign_moderator(fake_world.command_context(), fake_world.person("qa"), reference, "moderator2@demo.example")
    assert sent_notices(fake_world, "moderator_assigned") == ["moderator", "moderator2"]


def test_an_action_of_section_15_is_notified_only_after_moderation(fake_world: World) -> None:
    reference = an_audit(fake_world, at="shared")
    assign(fake_world, reference)
    new = NewAction("Plan it.", "qaro@demo.example", "2026-12-24")
    actions.add_action(fake_world.command_context(), fake_world.person("moderator"), reference, new)
    assert sent_notices(fake_world, "action_assigned") == ["practitioner"]
    save(fake_world, "moderator", reference, "moderation", {"grade": "good", "evidence": "Seen.", "impact": "Safer."})
    audit_moves.moderate(fake_world.command_context(), fake_world.person("moderator"), reference)
    assert sent_notices(fake_world, "action_assigned") == ["practitioner", "qaro"]


def test_asking_to_withdraw_notifies_the_person_who_must_agree(fake_world: World) -> None:
    reference = an_audit(fake_world, at="draft")
    audit_moves.withdraw(fake_world.command_context(), fake_world.person("auditor"), reference, "The wrong child.")
    assert sent_notices(fake_world, "withdrawal_requested") == ["hos.ppqa"]
    audit_moves.withdraw(fake_world.command_context(), fake_world.person("hos.ppqa"), reference, "Agreed.")
    assert sent_notices(fake_world, "audit_withdrawn") == ["QA inbox", "auditor"]


def test_one_person_in_two_roles_is_notified_once(fake_world: World) -> None:
    both = fake_world.person("service.manager")
    _set_duties(fake_world, both, {*both.duties, Duty("qaro"), Duty("team_manager")})
    case = dict.fromkeys(("team_manager", "service_manager", "qaro"), "service.manager@demo.example")
    an_audit(fake_world, at="shared", details=case)
    assert sent_notices(fake_world, "audit_shared") == ["QA inbox", "practitioner", "service.manager"]


@pytest.mark.parametrize("post", ["head.of.service", "director.safeguarding", "hos.ppqa"])
def test_a_vacant_post_passes_to_somebody_and_the_qa_inbox_is_notified(fake_world: World, post: str) -> None:
    _leaves(fake_world, post)
    reference = an_audit(fake_world, at="shared", grade="inadequate")
    hearing = sent_notices(fake_world, "escalation_opened")
    assert post not in hearing
    assert set(hearing) <= ESCALATION - {post}
    assert sent_notices(fake_world, "post_found_vacant") == ["QA inbox"]
    escalation = fake_world.audit(reference).escalation
    assert escalation is not None
    assert [one.stands_in for one in escalation.recipients].count(True) == 1


def test_a_deputy_stands_in_before_the_next_post_up(fake_world: World) -> None:
    scope = _scope(fake_world, "head.of.service")
    deputy = fake_world.person("head.of.service2")
    _set_duties(fake_world, deputy, {*deputy.duties, Duty("head_of_service", scope, is_deputy=True)})
    _leaves(fake_world, "head.of.service")
    reference = an_audit(fake_world, at="shared", grade="inadequate")
    assert sent_notices(fake_world, "escalation_opened") == ["director.safeguarding", "head.of.service2", "hos.ppqa"]
    escalations.acknowledge(fake_world.command_context(), fake_world.person("head.of.service2"), reference)


def test_the_deputy_of_a_recipient_connected_to_the_child_is_notified_instead(fake_world: World) -> None:
    deputy = fake_world.person("head.of.service2")
    scope = _scope(fake_world, "head.of.service")
    _set_duties(fake_world, deputy, {*deputy.duties, Duty("head_of_service", scope, is_deputy=True)})
    reference = an_audit(fake_world, at="moderated", grade="inadequate")
    resolve(fake_world, reference)
    before = fake_world.store.directory()
    connected = {fake_world.person("head.of.service").id: frozenset({"c1001"})}
    resolved = Event("escalation_resolved", reference, 99)
    notices = NOTIFICATION_RULES.notices(resolved, fake_world.audit(reference), replace(before, connections=connected))
    told = {person.email.partition("@")[0] for one in notices if (person := before.person(one.recipient))}
    assert told == {"head.of.service2", "director.safeguarding", "hos.ppqa"}


def _scope(world: World, name: str) -> str:
    return next(duty.scope for duty in world.person(name).duties if duty.role == "head_of_service")


def _set_duties(world: World, person: Person, duties: set[Duty]) -> None:
    _replace(world, replace(person, duties=frozenset(duties)))


def _leaves(world: World, name: str) -> None:
    _replace(world, replace(world.person(name), is_active=False))


def _replace(world: World, person: Person) -> None:
    old: Directory = world.store.directory()
    people = {**old.people, person.id: person}
    world.store._directory = Directory(old.version + 1, people, old.teams, old.names, old.next_up)
