"""The contract of every store: the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import date

import pytest

from tests.factories import RULES, STATES, World, an_audit, answers, save
from workflow import history
from workflow.commands import action_moves, actions, audit_moves, drafting, escalations, idempotency
from workflow.commands.actions import NewAction
from workflow.errors import EditConflict, IdempotencyKeyReused
from workflow.models import Audit
from workflow.ports import Change, ConcurrentChange, IdempotentRequest
from workflow.replay import replay


@pytest.mark.parametrize("grade", ["good", "inadequate"])
@pytest.mark.parametrize("state", STATES)
def test_an_audit_is_read_as_it_was_saved(world: World, state: str, grade: str) -> None:
    reference = an_audit(world, at=state, grade=grade)
    audit = world.audit(reference)
    rows = world.store.history(audit)
    assert audit.state == state
    assert (audit.state, audit.escalation_state) == replay(rows, [RULES])
    assert history.first_break(reference, rows, audit.chain) is None
    assert [row.number for row in rows] == list(range(1, audit.chain.count + 1))
    if state not in {"draft", "practitioner_consulted"}:
        for section, given in answers(grade).items():
            kept = audit.sections[section]
            assert {key: kept[key] for key in given if not str(given[key]).endswith("example")} == {
                key: value for key, value in given.items() if not str(value).endswith("example")
            }


def test_actions_are_read_as_they_were_saved(world: World) -> None:
    reference = an_audit(world, at="moderated")
    owner = world.person("practitioner")
    actions.record_progress(world.command_context(), owner, reference, 1, "Half way.", "A note.")
    action_moves.ask_for_more_time(world.command_context(), owner, reference, 1, date(2027, 1, 20), "Illness.")
    action_moves.grant_more_time(world.command_context(), world.person("qa"), reference, 1)
    action = world.audit(reference).actions[0]
    assert (action.due_on, action.earlier_due_dates) == (date(2027, 1, 20), (date(2026, 12, 20),))
    assert (action.progress, action.evidence, action.owner_id) == ("Half way.", "A note.", owner.id)


def test_a_removed_action_is_gone(world: World) -> None:
    reference = an_audit(world, at="draft")
    auditor = world.person("auditor")
    for text in ("One.", "Two."):
        actions.add_action(world.command_context(), auditor, reference, NewAction(text, "qaro@demo.example", "2026-12-20"))
    actions.remove_action(world.command_context(), auditor, reference, 1)
    assert [action.text for action in world.audit(reference).actions] == ["Two."]


def test_an_escalation_is_read_with_the_people_who_acknowledged(world: World) -> None:
    reference = an_audit(world, at="shared", grade="inadequate")
    escalations.acknowledge(world.command_context(), world.person("hos.ppqa"), reference)
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, "Daily oversight.")
    escalation = world.audit(reference).escalation
    assert escalation is not None
    assert [one.post for one in escalation.recipients if one.acknowledged_at] == ["hos_ppqa"]
    assert next(one.acknowledged_at for one in escalation.recipients if one.acknowledged_at) == world.now
    assert escalation.plan == "Daily oversight."


def _renamed(world: World, audit: Audit) -> Change:
    after = replace(audit, version=audit.version + 1)
    return Change(audit, after, (), {}, (), (), world.store.directory().version, world.now)


def test_a_change_based_on_an_older_version_is_refused_completely(world: World) -> None:
    reference = an_audit(world, at="graded")
    old = world.audit(reference)
    save(world, "auditor", reference, "service_comments", {"comments": "Later."})
    before, rows = world.audit(reference), world.store.history(old)
    with pytest.raises(ConcurrentChange):
        world.store.save(_renamed(world, old))
    assert world.audit(reference) == before
    assert world.store.history(before) == rows


def test_a_change_based_on_an_older_directory_is_refused(world: World) -> None:
    audit = world.audit(an_audit(world, at="draft"))
    with pytest.raises(ConcurrentChange):
        world.store.save(replace(_renamed(world, audit), directory_version=world.store.directory().version - 1))
    assert world.audit(audit.reference) == audit


def test_a_stale_save_loses_neither_text(world: World) -> None:
    reference = an_audit(world, at="draft")
    seen = world.audit(reference).version
    save(world, "auditor", reference, "summary", {"case_summary": "Theirs."})
    with pytest.raises(EditConflict) as stale:
        drafting.save_section(world.command_context(), world.person("auditor"), reference, "summary", {"case_summary": "Mine."}, seen)
    assert stale.value.yours is not None
    assert stale.value.theirs is not None
    assert (stale.value.yours["case_summary"], stale.value.theirs["case_summary"]) == ("Mine.", "Theirs.")


def test_one_key_one_effect_one_answer(world: World) -> None:
    reference, auditor, rendered = an_audit(world, at="graded"), world.person("auditor"), list[str]()

    def render(audit: Audit) -> str:
        rendered.append(f"{audit.state} {audit.version}")
        return rendered[-1]

    def share(digest: str) -> str:
        key = IdempotentRequest(auditor.id, "k", digest, render, str, str)
        return idempotency.run_idempotent(world.command_context(), key, lambda at: audit_moves.share(at, auditor, reference))

    first = share("the same")
    assert share("the same") == first
    assert rendered == [first]
    with pytest.raises(IdempotencyKeyReused):
        share("another")


def test_the_shared_edition_stays_sealed_beside_its_correction(world: World) -> None:
    reference, auditor = an_audit(world, at="shared"), world.person("auditor")
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Wrong child's plan.")
    audit_moves.revise(world.command_context(), auditor, reference)
    save(world, "auditor", reference, "area_1", {"grade": "good", "evidence": "Corrected.", "impact": "Corrected."})
    audit_moves.grade(world.command_context(), auditor, reference)
    audit_moves.share(world.command_context(), auditor, reference)
    seals = [seal for seal in world.store.seals(world.audit(reference)) if seal.part == "shared"]
    assert [seal.edition for seal in seals] == [1, 2]
    assert "Corrected." not in seals[0].content
    assert "Corrected." in seals[1].content
    assert all(history.digest(seal.content) == seal.digest for seal in seals)


def test_the_other_audits_that_the_auditor_has_shared_are_counted(world: World) -> None:
    first, second = an_audit(world, at="shared"), an_audit(world, at="shared")
    draft = an_audit(world, at="draft")
    assert [world.store.shared_before(world.audit(reference)) for reference in (first, second, draft)] == [1, 1, 2]
