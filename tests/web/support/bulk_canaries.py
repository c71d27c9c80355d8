"""Audits by the hundred, each with a word of its own in every field that takes words, walked by their own people to all kinds of ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tests.factories import AN_ACTION, FORM, World, answers, assign, save
from workflow.commands import action_moves, actions, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction

OWNER, RECIPIENTS = "practitioner@demo.example", ("head.of.service", "director.safeguarding", "hos.ppqa")
DUE, SOON, LATER = "2026-12-04", "2026-11-30", date(2027, 1, 15)
# By turns: what is asked where something else is not answered.
INSTEAD: Mapping[str, tuple[str, dict[str, Any]]] = {
    "qaro_none_reason": ("details", {"qaro": None}), "not_possible_reason": ("consultation", {"spoke_to": None}),
    "not_applicable_reason": ("area_9", {"grade": "not_applicable", "evidence": None, "impact": None}),
}  # fmt: skip


@dataclass
class Life:
    """One audit and its canaries: “Quillfeather”, its number, and the number of the field."""

    world: World
    number: int
    fields: int = 0
    reference: str = ""

    def word(self) -> str:
        self.fields += 1
        return f"Quillfeather{self.number}{self.fields:03}"

    def __call__(self, command: Callable[..., Any], who: str, *given: Any) -> Any:
        return command(self.world.command_context(), self.world.person(who), self.reference, *given)

    @property
    def is_inadequate(self) -> bool:
        return self.number % 3 == 0


def begins(life: Life) -> None:
    """To the auditor’s last section: every text of every section that the form has."""
    given, instead = answers("inadequate" if life.is_inadequate else "good"), [*INSTEAD.items()][life.number % 4 : life.number % 4 + 1]
    for section in (one for one in FORM.sections if one.part == "audit" and one.fields):
        texts = [one.key for one in section.fields if one.kind in {"text", "long_text"} and one.key not in {*INSTEAD, "no_actions_reason"}]
        given[section.key] = {**given.get(section.key, {}), **{key: life.word() for key in texts}}
    for reason, (section_key, without) in instead:
        given[section_key] = {**given[section_key], **without, reason: life.word()}
    details = given.pop("details") | {"child_id": life.word()}
    life.reference = drafting.start_audit(life.world.command_context(), life.world.person("auditor"), details).reference
    for key, said in given.items():
        save(life.world, "auditor", life.reference, key, said)
    for due_on in (DUE, SOON):
        life(actions.add_action, "auditor", NewAction(life.word(), OWNER, due_on))
    for move in (audit_moves.record_consultation, audit_moves.grade):
        life(move, "auditor")


def is_shared(life: Life) -> None:
    life(audit_moves.share, "auditor")


def is_returned(life: Life) -> None:
    is_shared(life)
    life(audit_moves.return_for_correction, "hos.ppqa", life.word())


def is_moderated(life: Life) -> None:
    is_shared(life)
    assign(life.world, life.reference)
    judged = {"grade": "requires_improvement", "evidence": life.word(), "impact": life.word(), "difference_reason": life.word()}
    save(life.world, "moderator", life.reference, "moderation", judged)
    life(actions.add_action, "moderator", NewAction(life.word(), OWNER, DUE))
    life(audit_moves.moderate, "moderator")
    life(actions.record_progress, "practitioner", 1, life.word(), life.word())
    life(action_moves.ask_for_more_time, "practitioner", 1, LATER, life.word())


def is_half_done(life: Life) -> None:
    is_moderated(life)
    reporter, verifier = ("head.of.service", "hos.ppqa") if life.is_inadequate else ("team.manager", "qa")
    life(action_moves.refuse_more_time, verifier, 1, life.word())
    for number in (1, 2):
        life(action_moves.report, reporter, number)
    life(action_moves.return_action, verifier, 1, life.word())
    life(action_moves.verify, verifier, 2)


def is_closed(life: Life) -> None:
    is_half_done(life)
    if life.is_inadequate:
        for name in RECIPIENTS:
            life(escalations.acknowledge, name)
        life(escalations.plan, "head.of.service", life.word())
        life(escalations.resolve, "hos.ppqa", life.word())
    closer = "hos.ppqa" if life.is_inadequate else "qa"
    for number in (1, 3):
        life(action_moves.cancel, closer, number, life.word())
    life(audit_moves.close_actions, closer)
    if life.number % 2:
        life(audit_moves.reopen, "hos.ppqa", life.word(), (AN_ACTION,))


def is_withdrawn(life: Life) -> None:
    is_shared(life)
    life(audit_moves.withdraw, "qa", life.word())
    life(audit_moves.withdraw, "hos.ppqa", life.word())


ENDS: Mapping[int, Callable[[Life], None]] = dict(
    enumerate((is_shared, is_moderated, is_half_done, is_closed, is_returned, is_withdrawn, lambda life: None))
)


def a_life(world: World, number: int) -> Life:
    life = Life(world, number)
    begins(life)
    ENDS[number % len(ENDS)](life)
    return life
