"""The faults of workflow.toml and permissions.toml, found together once both are read: every name must be known somewhere."""

from collections.abc import Collection, Iterator

from workflow.commands.registry import registry_faults
from workflow.config_faults import key_faults, unknown, unknown_names
from workflow.guards import GUARDS
from workflow.permissions import RIGHTS as KNOWN_RIGHTS
from workflow.permissions import STAGES, Permissions, named_state
from workflow.roles import COUNCIL_WIDE, NAMED_DUTIES, NAMED_ROLES, RELATIONS, SCOPED
from workflow.workflow_config import Move, Rules, Track

RULES_FILE, PERMISSIONS_FILE = "workflow.toml", "permissions.toml"
POSTS = (*SCOPED, *COUNCIL_WIDE)
STATES = {
    "audit": ("draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed", "withdrawn"),
    "action": ("open", "reported", "verified", "cancelled"),
    "escalation": ("none", "open", "acknowledged", "resolved"),
}
"""States that deadlines, permissions and pages name."""


def workflow_faults(rules: Rules, events: Collection[str]) -> Iterator[str]:
    """`events` are those of notifications.toml."""
    for track in rules.tracks:
        yield from _track_faults(track, rules)
        for move in track.moves.values():
            yield from _move_faults(track, move, rules, events)
    yield from _post_faults(rules)
    yield from registry_faults(rules)


def permission_faults(permissions: Permissions, rules: Rules) -> Iterator[str]:
    yield from key_faults(PERMISSIONS_FILE, permissions.table.keys(), KNOWN_RIGHTS, "right")
    yield from key_faults(f"{PERMISSIONS_FILE}, titles", permissions.titles.keys(), RELATIONS, "relation")
    for right, stages in permissions.table.items():
        place = f"{PERMISSIONS_FILE}, {right}"
        yield from unknown_names(place, "relation", [*stages], known_relations(rules))
        for relation, stage in stages.items():
            yield from _stage_faults(f"{place}.{relation}", stage, rules)


def known_relations(rules: Rules) -> tuple[str, ...]:
    return (*RELATIONS, *(f"{post}_stand_in" for post in (*rules.escalation_recipients, *rules.falls_to)))


def _stage_faults(place: str, stage: str, rules: Rules) -> Iterator[str]:
    state = named_state(stage)
    if state and state not in rules.audit.states:
        yield unknown(place, "state", state, rules.audit.states)
    if not state and stage not in STAGES:
        yield unknown(place, "stage", stage, STAGES)


def _track_faults(track: Track, rules: Rules) -> Iterator[str]:
    place = f"{RULES_FILE}, {track.name}"
    if track.initial not in track.states:
        yield unknown(f"{place}, initial", "state", track.initial, track.states)
    yield from (f"{place}: the state “{name}” is missing." for name in STATES[track.name] if name not in track.states)
    for state in track.states.values():
        yield from unknown_names(f"{place} state {state.name}, owner", "relation", state.owner, known_relations(rules))
        if not state.final and not state.owner:
            yield f"{place} state {state.name}: a state that is not final needs an owner."


def _move_faults(track: Track, move: Move, rules: Rules, events: Collection[str]) -> Iterator[str]:
    place = f"{RULES_FILE}, {track.name} move {move.name}"
    yield from unknown_names(f"{place}, from", "state", move.sources, track.states)
    yield from unknown_names(f"{place}, to", "state", _named(move.to), track.states)
    for key in ("by", "by_when_escalated", "falls_to", "asked_by"):
        yield from unknown_names(f"{place}, {key}", "relation", getattr(move, key), known_relations(rules))
    for key in ("needs", "needs_when_asked", "offered_where"):
        yield from unknown_names(f"{place}, {key}", "guard", getattr(move, key), GUARDS)
    yield from unknown_names(f"{place}, waits_for", "guard", _named(move.waits_for), GUARDS)
    for key in ("tells", "tells_when_asked"):
        yield from unknown_names(f"{place}, {key}", "event", _named(getattr(move, key)), events)
    if not move.done:
        yield f"{place}: the key “done” is missing."
    if move.falls_to and not {*move.by[:1], *move.by_when_escalated[:1]} <= set(move.falls_to):
        yield f"{place}, falls_to: the first of “by” and of “by_when_escalated” must be among them."


def _post_faults(rules: Rules) -> Iterator[str]:
    place = f"{RULES_FILE}, escalation"
    yield from unknown_names(f"{place}, recipients", "post", rules.escalation_recipients, POSTS)
    yield from key_faults(f"{place}, next_up", rules.next_up, rules.escalation_recipients, "recipient")
    for post, above in rules.next_up.items():
        yield from unknown_names(f"{place}, next_up.{post}", "post", above, POSTS)
    yield from key_faults(f"{RULES_FILE}, falls_to", rules.falls_to, NAMED_DUTIES, "duty")
    for duty, others in rules.falls_to.items():
        yield from unknown_names(f"{RULES_FILE}, falls_to.{duty}", "duty", others, (*POSTS, *NAMED_ROLES))


def _named(name: str) -> tuple[str, ...]:
    return (name,) if name else ()
