"""The moderator’s own judgement is sealed when it is first saved complete, and only then are they shown the overall grade."""

from dataclasses import replace

import pytest

from tests.factories import FOURTEENTH, World, a_fake_world, an_audit, assign, save
from workflow.commands import assignments, audit_moves
from workflow.commands.audit_view import AuditView, ReadLocation, see
from workflow.commands.judgements import SealedJudgement
from workflow.errors import PermissionDenied, PreconditionsNotMet

WHOLE = {"grade": "good", **FOURTEENTH}
PAGE = ReadLocation("page", "audits.show")


@pytest.fixture
def world() -> World:
    return a_fake_world()


@pytest.fixture
def reference(world: World) -> str:
    reference = an_audit(world, "shared", grade="outstanding")
    assign(world, reference)
    return reference


def reads(world: World, who: str, reference: str, where: ReadLocation = PAGE) -> AuditView:
    return see(world.command_context(), world.person(who), reference).reveal(world.command_context(), where)


def judgements(world: World, reference: str) -> tuple[SealedJudgement, ...]:
    return reads(world, "qa", reference).judgements


@pytest.mark.parametrize("lacking", WHOLE)
def test_the_grade_is_shown_once_the_judgement_is_complete(world: World, reference: str, lacking: str) -> None:
    save(world, "moderator", reference, "moderation", {name: text for name, text in WHOLE.items() if name != lacking})
    assert reads(world, "moderator", reference).overall_grade is None
    assert judgements(world, reference) == ()
    save(world, "moderator", reference, "moderation", WHOLE)
    assert reads(world, "moderator", reference).overall_grade == "outstanding"


def test_a_later_change_shows_both(world: World, reference: str) -> None:
    save(world, "moderator", reference, "moderation", WHOLE)
    save(world, "moderator", reference, "moderation", {**WHOLE, "grade": "outstanding"})
    (first,) = judgements(world, reference)
    assert (first.by_id, first.is_blind, first.answers["grade"]) == (world.person("moderator").id, True, "good")
    now = reads(world, "qa", reference).sections["moderation"]
    assert now["grade"] == "outstanding"
    assert first.has_changed(now)
    assert [row.entry.move for row in world.store.history(world.audit(reference))].count("judge") == 1


def test_taking_a_part_of_it_back_hides_nothing_again(world: World, reference: str) -> None:
    save(world, "moderator", reference, "moderation", WHOLE)
    save(world, "moderator", reference, "moderation", {"grade": "good"})
    assert reads(world, "moderator", reference).overall_grade == "outstanding"


def test_a_moderator_who_had_read_the_grade_is_not_blind(world: World) -> None:
    reference = an_audit(world, "shared")
    reads(world, "hos.ppqa", reference)
    (reading,) = world.store.readings(reference, world.person("hos.ppqa").id)
    world.store.log_readings([replace(reading, person_id=world.person("moderator").id)])
    world.passes(minutes=1)
    assign(world, reference)
    save(world, "moderator", reference, "moderation", WHOLE)
    assert [one.is_blind for one in judgements(world, reference)] == [False]


@pytest.mark.parametrize("where", [PAGE, ReadLocation("page", "actions.show/1")], ids=lambda where: where.what)
def test_what_the_moderator_reads_before_judging_counts_for_nothing(world: World, reference: str, where: ReadLocation) -> None:
    reads(world, "moderator", reference, where)
    save(world, "moderator", reference, "moderation", WHOLE)
    assert [one.is_blind for one in judgements(world, reference)] == [True]


def test_the_next_moderator_judges_for_themselves(world: World, reference: str) -> None:
    save(world, "moderator", reference, "moderation", WHOLE)
    assign(world, reference, "moderator2")
    assert reads(world, "moderator2", reference).overall_grade is None
    assert reads(world, "moderator2", reference).judgements == ()
    save(world, "moderator2", reference, "moderation", {**WHOLE, "grade": "inadequate"})
    assert [one.answers["grade"] for one in judgements(world, reference)] == ["good", "inadequate"]


def test_what_any_moderator_has_judged_is_not_waived(world: World, reference: str) -> None:
    save(world, "moderator", reference, "moderation", WHOLE)
    assign(world, reference, "moderator2")
    with pytest.raises(PreconditionsNotMet):
        audit_moves.waive_moderation(world.command_context(), world.person("qa"), reference, "No need.")


def test_a_correction_needs_a_new_judgement(world: World, reference: str) -> None:
    save(world, "moderator", reference, "moderation", WHOLE)
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Again.")
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    assignments.assign_moderator(world.command_context(), world.person("qa"), reference, "moderator@demo.example")
    assert reads(world, "moderator", reference).overall_grade is None
    save(world, "moderator", reference, "moderation", WHOLE)
    assert [one.is_blind for one in judgements(world, reference)] == [True]


def test_somebody_who_may_not_moderate_seals_no_judgement(world: World, reference: str) -> None:
    """As an audit that was assigned before it was asked who ever wrote it."""
    audit = world.audit(reference)
    world.store.audits[reference] = replace(audit, auditor_id=world.person("moderator").id)
    save(world, "moderator", reference, "moderation", {"grade": "good"})
    with pytest.raises(PermissionDenied):
        save(world, "moderator", reference, "moderation", WHOLE)
