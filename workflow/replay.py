"""Replaying a history: each row must follow the row before it, and change the states only as the workflow allowed."""

from collections.abc import Iterable, Sequence

from workflow.errors import InvalidTransition
from workflow.history import HistoryEntry, Row
from workflow.state_machine import leads_to
from workflow.workflow_config import Rules, Track


def replay(rows: Iterable[Row], versions: Sequence[Rules]) -> tuple[str | None, str]:
    """The state and the escalation that a history leads to; raises ValueError, naming the row, where one does not follow.

    `versions` are those of workflow.toml from the one that the audit was started on: each row must be allowed by one of them.
    """
    state: str | None = None
    escalation = "none"
    for row in rows:
        entry = row.entry
        if entry.from_state != state:
            raise ValueError(f"row {row.number} starts in {entry.from_state}, but the row before it ended in {state}")
        if not any(_is_allowed(entry, escalation, rules) for rules in versions):
            raise ValueError(
                f"row {row.number}, {entry.move}, leads to {entry.to_state} and {entry.escalation}, which no workflow version allows"
            )
        state, escalation = entry.to_state, entry.escalation
    return state, escalation


def _is_allowed(entry: HistoryEntry, escalation: str, rules: Rules) -> bool:
    if entry.from_state is None:
        return (entry.to_state, entry.escalation) == (rules.audit.initial, "none")
    return _may_lead(rules.audit, entry.from_state, entry.move, entry.to_state) and _may_lead(
        rules.escalation, escalation, entry.move, entry.escalation
    )


def _may_lead(track: Track, before: str, verb: str, after: str) -> bool:
    """A verb that is no move of the track changes nothing of it; a move that waits for others may change nothing yet."""
    move = track.moves_by_history_verb.get(verb)
    if move is None:
        return before == after
    try:
        return after == leads_to(track, before, move.name) or (bool(move.waits_for) and before == after)
    except (InvalidTransition, KeyError):
        return False
