"""Every move of the three tracks from every state it leads from: who makes it, and how an audit walks to where it can be made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from tests.factories import AN_ACTION, FOURTEENTH, GRADED, RULES, SUMMARY, World, an_audit, answers, assign, resolve, save, settle
from workflow.commands import action_moves, actions, audit_moves
from workflow.commands.context import CommandContext
from workflow.commands.registry import make_action_move, make_audit_move, make_escalation_move
from workflow.directory import Person

LATER, RECIPIENTS = date(2027, 1, 15), ("head.of.service", "director.safeguarding", "hos.ppqa")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Transition:
    by: str
    ready: Callable[[World], str]
    """Walks an audit to where the move can be made; answers its reference."""
    does: Callable[[CommandContext, Person, str], Any]


def cells() -> set[Key]:
    """Track, move and state, of each row of config/workflow.toml."""
    tracks = (RULES.audit, RULES.action, RULES.escalation)
    return {(track.name, move.name, state) for track in tracks for move in track.moves.values() for state in move.sources}


def _moves(name: str) -> Callable[[CommandContext, Person, str], Any]:
    given = {"move": name, "reason": "Because.", "new_actions": (AN_ACTION,) if name == "reopen" else ()}
    return lambda context, who, reference: make_audit_move(context, who, reference, given)


def _acts(name: str) -> Callable[[CommandContext, Person, str], Any]:
    given = {"move": name, "reason": "Because.", "completed_on": "", "due_on": str(LATER)}
    return lambda context, who, reference: make_action_move(context, who, reference, 1, given)


def _escalates(name: str) -> Callable[[CommandContext, Person, str], Any]:
    given = {"move": name, "plan": "Visit daily.", "reason": "Because."}
    return lambda context, who, reference: make_escalation_move(context, who, reference, given)


# --- The audit -------------------------------------------------------------------------------------------------------


def _with_consultation(world: World) -> str:
    reference = an_audit(world, "draft")
    save(world, "auditor", reference, "consultation", {"spoke_to": "Priya Nair"})
    return reference


def _with_grades(world: World) -> str:
    reference, given = an_audit(world, "practitioner_consulted"), answers("good")
    for section in ("summary", *GRADED, "declaration"):
        save(world, "auditor", reference, section, SUMMARY if section == "summary" else given[section])
    actions.add_action(world.command_context(), world.person("auditor"), reference, AN_ACTION)
    return reference


def _with_judgement(world: World, grade: str = "good") -> str:
    reference = an_audit(world, "shared")
    assign(world, reference)
    reason = {"difference_reason": "Seen differently."} if grade != "good" else {}
    save(world, "moderator", reference, "moderation", {"grade": grade, **FOURTEENTH, **reason})
    return reference


def _settled(world: World, grade: str = "good") -> str:
    reference = an_audit(world, "moderated", grade=grade)
    settle(world, reference)
    return reference


def _asked_to_withdraw(world: World, state: str) -> str:
    reference = an_audit(world, state)
    audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "Wrong child.")
    return reference


# --- The action ------------------------------------------------------------------------------------------------------


def _with_action(world: World, state: str, grade: str = "good", *, asks: bool = False) -> str:
    reference = an_audit(world, "moderated", grade=grade)
    if state == "reported":
        reporter = "head.of.service" if grade == "inadequate" else "team.manager"
        action_moves.report(world.command_context(), world.person(reporter), reference, 1)
    if asks:
        action_moves.ask_for_more_time(world.command_context(), world.person("practitioner"), reference, 1, date(2026, 12, 28), "Ill.")
    return reference


# --- The escalation --------------------------------------------------------------------------------------------------


def _escalated(world: World, state: str, at: str = "shared", *, all_but_one: bool = False) -> str:
    reference = an_audit(world, at, grade="good" if state == "none" else "inadequate")
    names = RECIPIENTS[:2] if all_but_one else RECIPIENTS if state == "acknowledged" else ()
    for name in names:
        _escalates("acknowledge")(world.command_context(), world.person(name), reference)
    if state == "acknowledged":
        _escalates("plan")(world.command_context(), world.person("head.of.service"), reference)
    if state == "resolved":
        resolve(world, reference)
    return reference


def _to_be_shared_again(world: World, state: str) -> str:
    reference = _escalated(world, state)
    audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Once more.")
    return reference


WITHDRAWN_FROM = RULES.audit.moves["withdraw"].sources
TRANSITIONS: Mapping[Key, Transition] = {
    ("audit", "record_consultation", "draft"): Transition("auditor", _with_consultation, _moves("record_consultation")),
    ("audit", "grade", "practitioner_consulted"): Transition("auditor", _with_grades, _moves("grade")),
    ("audit", "revise", "graded"): Transition("auditor", partial(an_audit, at="graded"), _moves("revise")),
    ("audit", "share", "graded"): Transition("auditor", partial(an_audit, at="graded"), _moves("share")),
    ("audit", "moderate", "shared"): Transition("moderator", _with_judgement, _moves("moderate")),
    ("audit", "waive_moderation", "shared"): Transition("qa", partial(an_audit, at="shared"), _moves("waive_moderation")),
    ("audit", "close_actions", "moderated"): Transition("qa", _settled, _moves("close_actions")),
    ("audit", "reopen", "actions_closed"): Transition("qa", partial(an_audit, at="actions_closed"), _moves("reopen")),
    ("audit", "return_for_correction", "shared"): Transition("hos.ppqa", partial(an_audit, at="shared"), _moves("return_for_correction")),
    ("audit", "return_for_correction", "moderated"): Transition("hos.ppqa", partial(an_audit, at="moderated"), _moves("return_for_correction")),
    ("audit", "discard", "draft"): Transition("auditor", partial(an_audit, at="draft"), _moves("discard")),
    **{("audit", "withdraw", state): Transition("hos.ppqa", partial(_asked_to_withdraw, state=state), _moves("withdraw")) for state in WITHDRAWN_FROM},
    ("action", "report", "open"): Transition("team.manager", partial(_with_action, state="open"), _acts("report")),
    ("action", "verify", "reported"): Transition("qa", partial(_with_action, state="reported"), _acts("verify")),
    ("action", "return", "reported"): Transition("qa", partial(_with_action, state="reported"), _acts("return")),
    ("action", "cancel", "open"): Transition("qa", partial(_with_action, state="open"), _acts("cancel")),
    ("action", "ask_for_more_time", "open"): Transition("practitioner", partial(_with_action, state="open"), _acts("ask_for_more_time")),
    ("action", "grant_more_time", "open"): Transition("qa", partial(_with_action, state="open", asks=True), _acts("grant_more_time")),
    ("action", "refuse_more_time", "open"): Transition("qa", partial(_with_action, state="open", asks=True), _acts("refuse_more_time")),
    ("escalation", "open", "none"): Transition("auditor", partial(an_audit, at="graded", grade="inadequate"), _moves("share")),
    **{("escalation", "open", state): Transition("auditor", partial(_to_be_shared_again, state=state), _moves("share"))
       for state in ("open", "acknowledged", "resolved")},
    ("escalation", "raise", "none"): Transition("qa", partial(_escalated, state="none"), _escalates("raise")),
    ("escalation", "raise", "resolved"): Transition("hos.ppqa", partial(_escalated, state="resolved"), _escalates("raise")),
    ("escalation", "acknowledge", "open"): Transition("hos.ppqa", partial(_escalated, state="open", all_but_one=True), _escalates("acknowledge")),
    ("escalation", "plan", "open"): Transition("head.of.service", partial(_escalated, state="open"), _escalates("plan")),
    ("escalation", "plan", "acknowledged"): Transition("head.of.service", partial(_escalated, state="acknowledged"), _escalates("plan")),
    ("escalation", "resolve", "acknowledged"): Transition("hos.ppqa", partial(_escalated, state="acknowledged"), _escalates("resolve")),
}  # fmt: skip
"""Those that differ from one of these in what they do, not only in where they start."""
VARIANTS: Mapping[Key, Transition] = {
    ("escalation", "open", "none, by moderating"): Transition("moderator", partial(_with_judgement, grade="inadequate"), _moves("moderate")),
    ("escalation", "acknowledge", "open, the first"): Transition("hos.ppqa", partial(_escalated, state="open"), _escalates("acknowledge")),
    ("audit", "withdraw", "moderated, asked"): Transition("qa", partial(an_audit, at="moderated"), _moves("withdraw")),
    ("audit", "close_actions", "moderated, escalated"): Transition("hos.ppqa", partial(_settled, grade="inadequate"), _moves("close_actions")),
    ("action", "report", "open, escalated"): Transition("head.of.service", partial(_with_action, state="open", grade="inadequate"), _acts("report")),
    ("action", "verify", "reported, escalated"): Transition("hos.ppqa", partial(_with_action, state="reported", grade="inadequate"), _acts("verify")),
}  # fmt: skip
