"""The moderator’s own judgement is sealed when it is first saved complete, and only then are they shown the overall grade."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.factories import FOURTEENTH, World, a_council, a_fake_world, a_world, an_audit, assign, save
from tests.web.support.roles import holds_too, leaves
from web.council import Council
from workflow.commands import assignments, audit_moves, escalations
from workflow.commands.audit_view import AuditView, ReadLocation, see
from workflow.commands.judgements import SealedJudgement
from workflow.errors import PermissionDenied, PreconditionsNotMet
from workflow.storage.engine import read_transaction
from workflow.storage.tables import notices

WHOLE = {"grade": "good", **FOURTEENTH}
PAGE = ReadLocation("page", "audits.show")


@pytest.fixture
def world() -> World:
    return a_fake_world()


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    made = a_council(tmp_path / "var")
    yield made
    made.engine.dispose()


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


def test_the_posts_of_a_moderator_are_with_the_next_in_line_until_they_have_judged(council: Council) -> None:
    world = a_world(council)
    holds_too(council, "head.of.service", "moderator")
    reference = an_audit(world, "shared", grade="inadequate")
    told_before = told(world, reference)
    assign(world, reference, "head.of.service")
    assert set(told(world, reference) - told_before) == {
        ("escalation_opened", "director.safeguarding"),
        ("moderator_assigned", "head.of.service"),
        ("post_found_vacant", ""),
    }
    with pytest.raises(PermissionDenied):
        escalations.acknowledge(world.command_context(), world.person("head.of.service"), reference)
    world.passes(hours=1)
    save(world, "head.of.service", reference, "moderation", WHOLE)
    assert [one.is_blind for one in judgements(world, reference)] == [False]
    escalation = escalations.acknowledge(world.command_context(), world.person("head.of.service"), reference).escalation
    assert escalation
    assert [one.post for one in escalation.recipients if one.acknowledged_at] == ["head_of_service"]


def test_who_alone_answers_for_a_post_is_not_assigned_whatever_the_grade(council: Council) -> None:
    world = a_world(council)
    holds_too(council, "hos.ppqa", "moderator")
    leaves(council, "director.safeguarding")
    reference = an_audit(world, "shared")
    with pytest.raises(PreconditionsNotMet) as refused:
        assign(world, reference, "hos.ppqa")
    assert "Only they could answer" in refused.value.missing[0].message


def told(world: World, reference: str) -> Counter[tuple[str, str]]:
    """Each event with the first part of the recipient’s address; nobody is the QA inbox."""
    people = world.store.directory().people
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(notices.c.event, notices.c.recipient).where(notices.c.reference == reference)).all()
    return Counter((row.event, people[row.recipient].email.partition("@")[0] if row.recipient else "") for row in rows)


def test_somebody_who_may_not_moderate_seals_no_judgement(world: World, reference: str) -> None:
    """As an audit that was assigned before it was asked who ever wrote it."""
    audit = world.audit(reference)
    world.store.audits[reference] = replace(audit, auditor_id=world.person("moderator").id)
    save(world, "moderator", reference, "moderation", {"grade": "good"})
    with pytest.raises(PermissionDenied):
        save(world, "moderator", reference, "moderation", WHOLE)
