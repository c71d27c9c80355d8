"""The state that a move leads to: the only file that imports `transitions`.

One machine a track, asked and never driven: no models, no callbacks, no automatic `to_<state>` moves. Guards speak for
themselves in `guards`, because a condition here could only answer yes or no.
"""

from functools import lru_cache

from transitions import Machine

from workflow.errors import InvalidTransition
from workflow.workflow_config import Track


def leads_to(track: Track, state: str, move: str) -> str:
    """The state that `move` leads to from `state`; raises InvalidTransition where it leads nowhere."""
    destination = _destinations(_Key(track)).get((move, state))
    if destination is None:
        raise InvalidTransition(_not_from_here(track, state, move))
    return destination


def moves_from(track: Track, state: str) -> tuple[str, ...]:
    return tuple(move for move, source in _destinations(_Key(track)) if source == state)


class _Key:
    """A track compared by identity: hashing a whole table at each call would cost more than the look-up."""

    def __init__(self, track: Track) -> None:
        self.track = track

    def __hash__(self) -> int:
        return id(self.track)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.track is self.track


@lru_cache(maxsize=64)
def _destinations(key: _Key) -> dict[tuple[str, str], str]:
    machine = _machine(key.track)
    return {(move, transition.source): str(transition.dest) for move in key.track.moves for transition in machine.get_transitions(move)}


def _machine(track: Track) -> Machine:
    rows = [{"trigger": move.name, "source": source, "dest": move.to or source} for move in track.moves.values() for source in move.sources]
    return Machine(model=None, states=list(track.states), transitions=rows, initial=track.initial, auto_transitions=False)


def _not_from_here(track: Track, state: str, move: str) -> str:
    doing, where = track.moves[move].title, track.states[state].title.lower()
    thing = "The " + track.name
    return f"{thing} is {where}: “{doing}” can’t be done from there."
