"""Actions: who reports, who verifies, who never does both, and how a due date moves."""

from dataclasses import replace
from datetime import date

import pytest

from tests.factories import AN_ACTION, TODAY, WALKS, Plan, World, an_audit, assign, save
from workflow import smart_action
from workflow.commands import action_moves, actions, audit_moves
from workflow.commands.actions import NewAction
from workflow.commands.audit_view import action_moves as action_moves_of
from workflow.commands.audit_view import see
from workflow.directory import Directory
from workflow.errors import BadInput, NotFound, PermissionDenied, PreconditionsNotMet, Refusal


def owned_by(world: World, owner: str, grade: str = "good") -> str:
    """A moderated audit whose one action is this person’s."""
    reference = an_audit(world, at="draft")
    mine = NewAction("Book it.", f"{owner}@demo.example", "2026-12-20")
    actions.add_action(world.command_context(), world.person("auditor"), reference, mine)
    return _walked_on(world, reference, grade)


def _walked_on(world: World, reference: str, grade: str) -> str:

    for state in ("practitioner_consulted", "graded", "shared", "moderated"):
        WALKS[state](world, reference, Plan(grade=grade))
    return reference


def report(world: World, who: str, reference: str, completed_on: date | None = None) -> None:
    action_moves.report(world.command_context(), world.person(who), reference, 1, completed_on)


def verify(world: World, who: str, reference: str) -> None:
    action_moves.verify(world.command_context(), world.person(who), reference, 1)


@pytest.mark.parametrize(("grade", "reports", "verifies"), [("good", "team.manager", "qa"), ("inadequate", "head.of.service", "hos.ppqa")])
def test_one_reports_and_another_verifies(fake_world: World, grade: str, reports: str, verifies: str) -> None:
    reference = an_audit(fake_world, at="moderated", grade=grade)
    for who in {"practitioner", "team.manager", "head.of.service", "qa", "hos.ppqa", "auditor"} - {reports}:
        with pytest.raises(Refusal):
            report(fake_world, who, reference)
    report(fake_world, reports, reference)
    for who in {"practitioner", "team.manager", "head.of.service", "qa", "hos.ppqa", "auditor"} - {verifies}:
        with pytest.raises(Refusal):
            verify(fake_world, who, reference)
    verify(fake_world, verifies, reference)
    assert fake_world.audit(reference).actions[0].state == "verified"


def test_nobody_verifies_what_they_own_and_it_falls_to_the_next(fake_world: World) -> None:
    reference = owned_by(fake_world, "qa")
    _only(fake_world, "qa2")
    report(fake_world, "team.manager", reference)
    with pytest.raises(PreconditionsNotMet, match="missing"):
        verify(fake_world, "qa", reference)
    verify(fake_world, "hos.ppqa", reference)
    with pytest.raises(PreconditionsNotMet):
        audit_moves.close_actions(fake_world.command_context(), fake_world.person("qa"), reference)
    audit_moves.close_actions(fake_world.command_context(), fake_world.person("hos.ppqa"), reference)


def test_while_a_colleague_is_independent_it_does_not_fall_further(fake_world: World) -> None:
    reference = owned_by(fake_world, "qa")
    report(fake_world, "team.manager", reference)
    with pytest.raises(PermissionDenied):
        verify(fake_world, "hos.ppqa", reference)
    verify(fake_world, "qa2", reference)


def test_if_all_are_involved_it_falls_to_the_director_who_then_knows_of_it(fake_world: World) -> None:
    reference = owned_by(fake_world, "qa")
    director, stranger = fake_world.person("director.safeguarding"), fake_world.person("director.parenting")
    for owner in ("qa2", "hos.ppqa"):
        with pytest.raises(NotFound):
            see(fake_world.command_context(), director, reference)
        new = NewAction("Book it.", f"{owner}@demo.example", "2026-12-20")
        actions.add_action(fake_world.command_context(), fake_world.person("hos.ppqa"), reference, new)
    for number, verifier in ((1, "qa2"), (2, "qa"), (3, "qa")):
        action_moves.report(fake_world.command_context(), fake_world.person("team.manager"), reference, number)
        action_moves.verify(fake_world.command_context(), fake_world.person(verifier), reference, number)
    for who in ("qa", "qa2", "hos.ppqa"):
        with pytest.raises(Refusal):
            audit_moves.close_actions(fake_world.command_context(), fake_world.person(who), reference)
    with pytest.raises(NotFound):
        see(fake_world.command_context(), stranger, reference)
    assert "close_actions" in see(fake_world.command_context(), director, reference).may
    audit_moves.close_actions(fake_world.command_context(), director, reference)


def _only(world: World, leaver: str) -> None:
    """The second holder of a post has left."""
    old: Directory = world.store.directory()
    gone = replace(world.person(leaver), is_active=False)
    world.store._directory = Directory(old.version + 1, {**old.people, gone.id: gone}, old.teams, old.names, old.next_up)


def test_an_escalation_after_completion_was_reported_leaves_it_reported_and_moves_the_verifier(fake_world: World) -> None:
    reference = an_audit(fake_world, at="shared")
    report(fake_world, "team.manager", reference)
    assign(fake_world, reference)
    judgement = {"grade": "inadequate", "evidence": "Read.", "impact": "Seen.", "difference_reason": "Seen differently."}
    save(fake_world, "moderator", reference, "moderation", judgement)
    audit_moves.moderate(fake_world.command_context(), fake_world.person("moderator"), reference)
    assert fake_world.audit(reference).actions[0].state == "reported"
    with pytest.raises(PermissionDenied):
        verify(fake_world, "qa", reference)
    verify(fake_world, "hos.ppqa", reference)


def test_what_is_returned_is_open_again_with_its_reason(fake_world: World) -> None:
    reference = an_audit(fake_world, at="moderated")
    report(fake_world, "team.manager", reference)
    action_moves.return_action(fake_world.command_context(), fake_world.person("qa"), reference, 1, "No record of the visit.")
    action = fake_world.audit(reference).actions[0]
    assert (action.state, action.note, action.completed_on) == ("open", "No record of the visit.", None)


def test_every_earlier_due_date_stays_visible(fake_world: World) -> None:
    reference = an_audit(fake_world, at="moderated")
    owner, qa = fake_world.person("practitioner"), fake_world.person("qa")
    for due_on in (date(2027, 1, 10), date(2027, 2, 10)):
        action_moves.ask_for_more_time(fake_world.command_context(), owner, reference, 1, due_on, "Illness.")
        with pytest.raises(Refusal):
            action_moves.grant_more_time(fake_world.command_context(), owner, reference, 1)
        action_moves.grant_more_time(fake_world.command_context(), qa, reference, 1)
    action = fake_world.audit(reference).actions[0]
    assert action.due_on == date(2027, 2, 10)
    assert action.earlier_due_dates == (date(2026, 12, 20), date(2027, 1, 10))


def test_more_time_is_asked_for_a_later_day_only(fake_world: World) -> None:
    reference = an_audit(fake_world, at="moderated")
    for due_on in (None, date(2026, 12, 20), date(2026, 12, 1)):
        with pytest.raises(PreconditionsNotMet):
            action_moves.ask_for_more_time(
                fake_world.command_context(), fake_world.person("practitioner"), reference, 1, due_on, "Illness."
            )
    assert fake_world.audit(reference).actions[0].asked_due_on is None


def test_an_action_is_overdue_from_the_day_after_it_is_due(fake_world: World) -> None:
    action = fake_world.audit(an_audit(fake_world, at="moderated")).actions[0]
    days = [date(2026, 12, 19), date(2026, 12, 20), date(2026, 12, 21)]
    assert [smart_action.is_overdue(action, day) for day in days] == [False, False, True]


def test_completion_is_not_in_the_future(fake_world: World) -> None:
    reference = an_audit(fake_world, at="moderated")
    with pytest.raises(PreconditionsNotMet):
        report(fake_world, "team.manager", reference, TODAY.replace(day=24))
    report(fake_world, "team.manager", reference, TODAY)
    assert fake_world.audit(reference).actions[0].completed_on == TODAY


def test_an_owner_with_no_other_tie_sees_that_action_alone(fake_world: World) -> None:
    reference = owned_by(fake_world, "practitioner2")
    actions.add_action(fake_world.command_context(), fake_world.person("qa"), reference, AN_ACTION)
    owner = fake_world.person("practitioner2")
    seen = see(fake_world.command_context(), owner, reference)
    assert [action.number for action in seen.actions] == [1]
    assert not seen.sections
    actions.record_progress(fake_world.command_context(), owner, reference, 1, "Begun.")
    with pytest.raises(PermissionDenied):
        actions.record_progress(fake_world.command_context(), fake_world.person("team.manager"), reference, 1, "Mine.")


def test_an_owner_knows_nothing_before_the_audit_is_shared(fake_world: World) -> None:
    reference = an_audit(fake_world, at="draft")
    actions.add_action(
        fake_world.command_context(), fake_world.person("auditor"), reference, NewAction("x", "practitioner2@demo.example", "2026-12-20")
    )
    with pytest.raises(NotFound):
        see(fake_world.command_context(), fake_world.person("practitioner2"), reference)


@pytest.mark.parametrize("who", ["qa", "hos.ppqa", "head.of.service"])
def test_section_15_grows_once_moderated_and_is_due_from_that_day(fake_world: World, who: str) -> None:
    reference = an_audit(fake_world, at="moderated")
    with pytest.raises(BadInput):
        actions.add_action(fake_world.command_context(), fake_world.person(who), reference, replace(AN_ACTION, due_on="2026-11-22"))
    added = actions.add_action(fake_world.command_context(), fake_world.person(who), reference, replace(AN_ACTION, due_on="2026-11-23"))
    assert (added.section, added.is_live) == (15, True)


@pytest.mark.parametrize("who", ["auditor", "team.manager", "practitioner", "moderator", "qaro", "service.manager"])
def test_nobody_else_adds_one(fake_world: World, who: str) -> None:
    reference = an_audit(fake_world, at="moderated")
    with pytest.raises(PermissionDenied):
        actions.add_action(fake_world.command_context(), fake_world.person(who), reference, AN_ACTION)


def test_cancelling_needs_a_reason_and_an_independent_person(fake_world: World) -> None:
    reference = owned_by(fake_world, "qa")
    with pytest.raises(PreconditionsNotMet):
        action_moves.cancel(fake_world.command_context(), fake_world.person("qa"), reference, 1, "Not needed.")
    with pytest.raises(PreconditionsNotMet):
        action_moves.cancel(fake_world.command_context(), fake_world.person("qa2"), reference, 1, " ")
    action_moves.cancel(fake_world.command_context(), fake_world.person("qa2"), reference, 1, "Not needed.")


def test_the_owner_told_the_wording_stands(fake_world: World) -> None:
    reference = an_audit(fake_world, at="shared")
    with pytest.raises(PermissionDenied):
        actions.change_action(fake_world.command_context(), fake_world.person("auditor"), reference, 1, AN_ACTION)
    with pytest.raises(PermissionDenied):
        actions.remove_action(fake_world.command_context(), fake_world.person("auditor"), reference, 1)


def test_more_time_is_offered_for_decision_only_where_it_was_asked_for(world: World) -> None:
    reference = owned_by(world, "practitioner")
    decisions = {"grant_more_time", "refuse_more_time"}
    assert not decisions & set(offered(world, "qa", reference))
    action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), reference, 1, date(2027, 1, 15), "Ill.")
    assert decisions <= set(offered(world, "qa", reference))
    action_moves.refuse_more_time(world.command_context(), world.person("qa"), reference, 1, "It is urgent.")
    assert not decisions & set(offered(world, "qa", reference))
    with pytest.raises(PreconditionsNotMet):
        action_moves.grant_more_time(world.command_context(), world.person("qa"), reference, 1)


def offered(world: World, who: str, reference: str) -> tuple[str, ...]:
    context, person = world.command_context(), world.person(who)
    return action_moves_of(context, person, see(context, person, reference), world.audit(reference).actions[0])
