"""Which grades escalate, when, and who is notified: the auditor’s and the moderator’s grade, and the effect of a correction."""

import pytest

from tests.factories import FOURTEENTH, Plan, World, a_fake_world, an_audit, answers, assign, save
from workflow.commands import audit_moves

EAST = ("head.of.service", "director.safeguarding", "hos.ppqa")
WEST = ("head.of.service2", "director.parenting", "hos.ppqa")
OUT, GOOD, RI, BAD = "outstanding", "good", "requires_improvement", "inadequate"
# The auditor’s grade, the moderator’s: what opens an escalation ("" where nothing does). Written by hand from the rules.
OPENS = {
    (OUT, OUT): "", (OUT, GOOD): "", (OUT, RI): "", (OUT, BAD): "moderate",
    (GOOD, OUT): "", (GOOD, GOOD): "", (GOOD, RI): "", (GOOD, BAD): "moderate",
    (RI, OUT): "", (RI, GOOD): "", (RI, RI): "", (RI, BAD): "moderate",
    (BAD, OUT): "share", (BAD, GOOD): "share", (BAD, RI): "share", (BAD, BAD): "share",
}  # fmt: skip
# The first edition’s grade, the corrected one’s: how many openings there have been after sharing again.
OPENINGS = {
    (OUT, OUT): 0, (OUT, BAD): 1, (GOOD, GOOD): 0, (GOOD, BAD): 1, (RI, RI): 0, (RI, BAD): 1,
    (BAD, OUT): 1, (BAD, GOOD): 1, (BAD, RI): 1, (BAD, BAD): 2,
}  # fmt: skip


@pytest.mark.parametrize(("grades", "opens"), OPENS.items(), ids=str)
@pytest.mark.parametrize("team", ["assessment-east", "care-west"])
def test_an_escalation_opens_where_the_table_says_and_reaches_its_three(grades: tuple[str, str], opens: str, team: str) -> None:
    world = a_fake_world()
    reference = an_audit(world, "shared", grade=grades[0], details={"team": team})
    assert world.audit(reference).escalation_state == ("open" if opens == "share" else "none")
    _moderate(world, reference, *grades)
    escalation = world.audit(reference).escalation
    assert (escalation.source if escalation else "") == opens
    expected = {world.person(name).id for name in (EAST if team == "assessment-east" else WEST)} if opens else set()
    told = [notice.recipient for notice in world.store.sent if notice.event == "escalation_opened"]
    assert sorted(told) == sorted(expected)
    assert {recipient.person_id for recipient in (escalation.recipients if escalation else ())} == expected


@pytest.mark.parametrize(("grades", "openings"), OPENINGS.items(), ids=str)
def test_a_correction_opens_once_an_edition_and_never_closes_what_is_open(grades: tuple[str, str], openings: int) -> None:
    world = a_fake_world()
    reference = an_audit(world, "shared", grade=grades[0])
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "The final judgement does not follow.")
    for section, given in answers(grades[1]).items():
        save(world, "auditor", reference, section, given)
    audit_moves.share(world.command_context(), world.person("auditor"), reference)
    audit = world.audit(reference)
    told = [notice for notice in world.store.sent if notice.event == "escalation_opened"]
    assert len(told) == 3 * openings
    assert audit.escalation_state == ("open" if openings else "none")
    assert audit.edition == 2


def test_a_better_grade_at_moderation_never_cancels_an_escalation() -> None:
    world = a_fake_world()
    reference = an_audit(world, "moderated", plan=Plan(grade=BAD, moderated_grade=GOOD))
    assert world.audit(reference).escalation_state == "open"


def _moderate(world: World, reference: str, auditors: str, moderators: str) -> None:
    assign(world, reference)
    reason = None if auditors == moderators else "Seen differently."
    save(world, "moderator", reference, "moderation", {"grade": moderators, **FOURTEENTH, "difference_reason": reason})
    audit_moves.moderate(world.command_context(), world.person("moderator"), reference)
