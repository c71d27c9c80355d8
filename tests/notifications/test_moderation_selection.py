"""Which audits must be moderated: every Inadequate one always, the rest as [moderation_selection] says, which is off by default."""

from dataclasses import replace

import pytest

from notifications.policy import ModerationSelection
from tests.factories import NOTIFICATION_RULES, World, a_fake_world, an_audit
from workflow.commands import audit_moves
from workflow.errors import PreconditionsNotMet


def _shared(world: World, grade: str = "good", **selection: object) -> str:
    reference = an_audit(world, "graded", grade=grade)
    policy = replace(NOTIFICATION_RULES, selection=ModerationSelection(**selection))  # type: ignore[arg-type]
    context = replace(world.command_context(), notification_policy=policy)
    return audit_moves.share(context, world.person("auditor"), reference).moderation_reason


def test_only_an_inadequate_audit_must_be_moderated_by_default() -> None:
    world = a_fake_world()
    assert [_shared(world, grade) for grade in ("outstanding", "good", "inadequate")] == ["", "", "the overall grade is Inadequate"]


def test_an_outstanding_audit_must_be_moderated_where_the_setting_says() -> None:
    world = a_fake_world()
    assert _shared(world, "outstanding", outstanding=True) == "the overall grade is Outstanding"
    assert _shared(world, "good", outstanding=True) == ""


def test_as_many_of_an_auditors_first_audits_as_the_setting_says_must_be_moderated() -> None:
    world = a_fake_world()
    assert [bool(_shared(world, auditors_first=2)) for _ in range(3)] == [True, True, False]


def test_a_random_share_is_drawn_once_for_each_audit() -> None:
    world = a_fake_world()
    assert _shared(world, random_share_percent=100) == "it was drawn at random"
    drawn = [bool(_shared(world, random_share_percent=50)) for _ in range(40)]
    assert 5 <= sum(drawn) <= 35


def test_an_audit_that_was_picked_cannot_have_its_moderation_waived() -> None:
    world = a_fake_world()
    reference = an_audit(world, "shared", grade="inadequate")
    with pytest.raises(PreconditionsNotMet) as refused:
        audit_moves.waive_moderation(world.command_context(), world.person("qa"), reference, "Seen enough.")
    assert "This audit must be moderated: the overall grade is Inadequate." in [one.message for one in refused.value.missing]
