"""The name of a move -> the function that makes it, for each track: the one table that pages, JSON and tests use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflow.commands import action_moves, audit_moves, escalations
from workflow.commands.available_moves import find_move
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.models import Audit, SmartAction
from workflow.validation import read_day
from workflow.workflow_config import Rules, Track

Given = Mapping[str, Any]
"""The name of the `move` and what was sent with it: `reason`, `plan`, `completed_on`, `due_on` as typed; `new_actions`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`takes` names what the function is given after the audit's reference (and the action's number), in this order."""

    make: Callable[..., Any]
    takes: tuple[str, ...] = ()


AUDIT_MOVES: Mapping[str, Entry] = {
    "record_consultation": Entry(audit_moves.record_consultation),
    "grade": Entry(audit_moves.grade),
    "revise": Entry(audit_moves.revise),
    "share": Entry(audit_moves.share),
    "moderate": Entry(audit_moves.moderate),
    "waive_moderation": Entry(audit_moves.waive_moderation, ("reason",)),
    "close_actions": Entry(audit_moves.close_actions),
    "reopen": Entry(audit_moves.reopen, ("reason", "new_actions")),
    "return_for_correction": Entry(audit_moves.return_for_correction, ("reason",)),
    "discard": Entry(audit_moves.discard, ("reason",)),
    "withdraw": Entry(audit_moves.withdraw, ("reason",)),
}
ACTION_MOVES: Mapping[str, Entry] = {
    "report": Entry(action_moves.report, ("completed_on",)),
    "verify": Entry(action_moves.verify),
    "return": Entry(action_moves.return_action, ("reason",)),
    "cancel": Entry(action_moves.cancel, ("reason",)),
    "ask_for_more_time": Entry(action_moves.ask_for_more_time, ("due_on", "reason")),
    "grant_more_time": Entry(action_moves.grant_more_time),
    "refuse_more_time": Entry(action_moves.refuse_more_time, ("reason",)),
}
ESCALATION_MOVES: Mapping[str, Entry] = {
    "acknowledge": Entry(escalations.acknowledge),
    "plan": Entry(escalations.plan, ("plan",)),
    "resolve": Entry(escalations.resolve, ("reason",)),
    "raise": Entry(escalations.raise_escalation, ("reason",)),
}
REGISTRY: Mapping[str, Mapping[str, Entry]] = {"audit": AUDIT_MOVES, "action": ACTION_MOVES, "escalation": ESCALATION_MOVES}
READERS: Mapping[str, Callable[[Given], object]] = {
    "reason": lambda given: given.get("reason") or "",
    "plan": lambda given: given.get("plan") or "",
    "completed_on": lambda given: read_day("completed_on", given.get("completed_on")),
    "due_on": lambda given: read_day("due_on", given.get("due_on")),
    "new_actions": lambda given: tuple(given.get("new_actions") or ()),
}


def make_audit_move(context: CommandContext, who: Person, reference: str, given: Given) -> Audit:
    """Raise BadInput for an unknown move, and whatever the move itself is refused with."""
    audit: Audit = _make(context.rules.audit, given, context, who, reference)
    return audit


def make_action_move(context: CommandContext, who: Person, reference: str, number: int, given: Given) -> SmartAction:
    """Raise BadInput for an unknown move, and whatever the move itself is refused with."""
    action: SmartAction = _make(context.rules.action, given, context, who, reference, number)
    return action


def make_escalation_move(context: CommandContext, who: Person, reference: str, given: Given) -> Audit:
    """Raise BadInput for an unknown move, and whatever the move itself is refused with."""
    audit: Audit = _make(context.rules.escalation, given, context, who, reference)
    return audit


def registry_faults(rules: Rules) -> Iterator[str]:
    """A sentence for each move of workflow.toml without a function here, and for each function that no move names."""
    for track in rules.tracks:
        named, registered = {move.name for move in track.moves_made_by_name}, REGISTRY[track.name].keys()
        for name in sorted(named - registered):
            yield f"workflow.toml, {track.name} move {name}: there is no function for it in workflow/commands/registry.py."
        for name in sorted(registered - named):
            yield f"workflow.toml, {track.name}: there is no move {name}, for which workflow/commands/registry.py has a function."


def _make(track: Track, given: Given, *subject: object) -> Any:
    entry = REGISTRY[track.name][find_move(track, given["move"] or "").name]
    return entry.make(*subject, *(READERS[name](given) for name in entry.takes))
