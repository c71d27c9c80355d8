"""A move leads where its `to` says, whatever the move is called: each row of the table is pointed somewhere else and made."""

from dataclasses import replace

import pytest

from tests.factories import RULES, World, a_fake_world
from tests.resilience.support.every_transition import TRANSITIONS, Key
from workflow.models import Audit
from workflow.workflow_config import Rules, Track

TRACKS = {track.name: track for track in (RULES.audit, RULES.action, RULES.escalation)}


@pytest.mark.parametrize("key", TRANSITIONS, ids=str)
def test_a_move_leads_where_the_table_says(key: Key) -> None:
    track, move, state = key
    elsewhere = next(name for name in TRACKS[track].states if name not in {TRACKS[track].moves[move].to, state})
    world = a_fake_world()
    reference = TRANSITIONS[key].ready(world)
    context = replace(world.command_context(), rules=_pointed(TRACKS[track], move, elsewhere))
    TRANSITIONS[key].does(context, world.person(TRANSITIONS[key].by), reference)
    assert _state(world, reference, track) == elsewhere


def _pointed(track: Track, move: str, to: str) -> Rules:
    moves = {**track.moves, move: replace(track.moves[move], to=to)}
    changed = {track.name: replace(track, moves=moves)}
    return replace(RULES, **changed)  # type: ignore[arg-type]


def _state(world: World, reference: str, track: str) -> str:
    audit: Audit = world.audit(reference)
    return {"audit": audit.state, "escalation": audit.escalation_state, "action": audit.actions[0].state if audit.actions else ""}[track]
