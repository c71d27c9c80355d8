"""What a history records of an audit besides its states: who, which edition, when, and what became of each action."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflow.history import HistoryEntry, Row
from workflow.workflow_config import Rules

Facts = Mapping[str, Any]
WROTE = "wrote"
"""In the facts of a row: who made the move wrote of the audit, though it is somebody else’s."""


@dataclass(slots=True)
class Retelling:
    """What the rows say of an audit besides its states. Of what they don’t say, None; of a text, its digest."""

    auditor_id: int | None = None
    moderator_id: int | None = None
    judged_by: int | None = None
    edition: int = 1
    shared_at: datetime | None = None
    moderated_at: datetime | None = None
    withdrawal_asked_by: int | None = None
    actions: dict[int, str] = field(default_factory=dict)
    """States by number."""
    people: dict[str, int] = field(default_factory=dict)
    """Who was named in a role of the case since the audit was last shared."""
    owners: dict[int, int] = field(default_factory=dict)
    """Who was made responsible for an action in place of somebody else, by its number."""
    escalations: list[dict[str, str | None]] = field(default_factory=list)
    """Of each opening: digests of its reason, plan and resolution."""


def retell(rows: Iterable[Row], rules: Rules) -> Retelling:
    told = Retelling()
    for row in rows:
        facts, verb = json.loads(row.entry.facts), row.entry.move
        if verb in TELLS:
            TELLS[verb](told, row.entry, facts)
        elif (move := rules.action.moves_by_history_verb.get(verb)) and move.to:
            told.actions[facts["action"]] = move.to
    return told


def writers_of(rows: Iterable[Row]) -> frozenset[int]:
    """Everybody who ever was the auditor, who alone writes an audit, and who wrote of it when it was started for another."""
    return frozenset(person for row in rows for person in _writers(row.entry))


def _writers(entry: HistoryEntry) -> Iterator[int]:
    if TELLS.get(entry.move) is _auditor:
        facts = json.loads(entry.facts)
        yield facts.get("auditor", entry.by_id)
        if facts.get(WROTE):
            yield entry.by_id


def _auditor(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.auditor_id = facts.get("auditor", told.auditor_id)


def _moderator(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.moderator_id = facts["moderator"]


def _judged(told: Retelling, entry: HistoryEntry, _: Facts) -> None:
    told.judged_by = entry.by_id


def _shared(told: Retelling, entry: HistoryEntry, facts: Facts) -> None:
    told.edition, told.shared_at, told.moderated_at = facts["edition"], entry.at, None
    told.people.clear()


def _moderated(told: Retelling, entry: HistoryEntry, _: Facts) -> None:
    told.moderated_at = entry.at


def _returned(told: Retelling, *_: object) -> None:
    told.edition, told.moderator_id, told.judged_by = told.edition + 1, None, None


def _withdrawal_asked(told: Retelling, entry: HistoryEntry, _: Facts) -> None:
    told.withdrawal_asked_by = entry.by_id


def _actions_added(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.actions |= dict.fromkeys(facts["actions"] if "actions" in facts else [facts["action"]], "open")


def _action_removed(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.actions.pop(facts["action"], None)


def _person_named(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.people[facts["role"]] = facts["person"]


def _owner_named(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.owners[facts["action"]] = facts["owner"]


def _escalation_opened(told: Retelling, _: HistoryEntry, facts: Facts) -> None:
    told.escalations.append({"reason": facts.get("reason")})


def _escalation_text(name: str) -> Callable[[Retelling, HistoryEntry, Facts], None]:
    return lambda told, _, facts: told.escalations[-1].update({name: facts.get("reason")})


TELLS: Mapping[str, Callable[[Retelling, HistoryEntry, Facts], None]] = {
    "start": _auditor, "allocate": _auditor, "assign_moderator": _moderator, "judge": _judged, "share": _shared, "moderate": _moderated,
    "waive_moderation": _moderated, "return_for_correction": _returned, "ask_to_withdraw": _withdrawal_asked,
    "add_action": _actions_added, "reopen": _actions_added, "remove_action": _action_removed,
    "open_escalation": _escalation_opened, "raise_escalation": _escalation_opened,
    "name_person": _person_named, "name_owner": _owner_named,
    "plan_escalation": _escalation_text("plan"), "resolve_escalation": _escalation_text("resolution"),
}  # fmt: skip
