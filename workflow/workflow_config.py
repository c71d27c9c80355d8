"""config/workflow.toml as frozen objects."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from workflow.errors import ConfigurationError

TRACKS = ("audit", "action", "escalation")


@dataclass(frozen=True, slots=True)
class State:
    name: str
    title: str
    meaning: str
    owner: tuple[str, ...]
    final: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table; the head of workflow.toml explains each key. `to` is "" where the state stays."""

    name: str
    title: str
    sources: tuple[str, ...]
    by: tuple[str, ...]
    needs: tuple[str, ...]
    done: str = ""
    to: str = ""
    by_when_escalated: tuple[str, ...] = ()
    falls_to: tuple[str, ...] = ()
    asked_by: tuple[str, ...] = ()
    offered_where: tuple[str, ...] = ()
    needs_when_asked: tuple[str, ...] = ()
    waits_for: str = ""
    tells: str = ""
    tells_when_asked: str = ""
    done_when_asked: str = ""

    def makers(self, is_escalated: bool) -> tuple[str, ...]:
        return self.by_when_escalated if is_escalated and self.by_when_escalated else self.by


@dataclass(frozen=True)
class Track:
    name: str
    initial: str
    states: Mapping[str, State]
    moves: Mapping[str, Move]

    @property
    def moves_made_by_name(self) -> tuple[Move, ...]:
        """Those that somebody makes; a move without a maker follows from another one."""
        return tuple(move for move in self.moves.values() if move.by)

    @cached_property
    def moves_by_history_verb(self) -> Mapping[str, Move]:
        return {history_verb(self.name, move.name): move for move in self.moves.values()}


@dataclass(frozen=True)
class Rules:
    version: int
    audit: Track
    action: Track
    escalation: Track
    escalation_recipients: tuple[str, ...]
    next_up: Mapping[str, tuple[str, ...]]
    falls_to: Mapping[str, tuple[str, ...]]
    """For each duty that an audit names one person for, who answers for it while nobody holds it, in order."""
    recorded: Mapping[str, str]
    """What the history calls what is no move."""
    text: str

    @property
    def tracks(self) -> tuple[Track, Track, Track]:
        return self.audit, self.action, self.escalation

    @property
    def stand_ins(self) -> Mapping[str, tuple[str, ...]]:
        """For each post of an escalation and each duty of an audit, who stands in for it, in order."""
        return {**self.next_up, **self.falls_to}

    def history_title(self, verb: str) -> str:
        """Return the title of a history row."""
        return self._history_titles.get(verb) or verb.replace("_", " ").capitalize()

    @cached_property
    def _history_titles(self) -> Mapping[str, str]:
        moves = {verb: move.done for track in self.tracks for verb, move in track.moves_by_history_verb.items()}
        asked = {f"ask_to_{move.name}": move.done_when_asked for move in self.audit.moves.values() if move.asked_by}
        return {**self.recorded, **moves, **asked}


def history_verb(track: str, move: str) -> str:
    """A move as the history names it: `share`, `verify_action`, `plan_escalation`, but `grant_more_time`."""
    if track == "escalation" or (track == "action" and move.isalpha()):
        return f"{move}_{track}"
    return move


def load_rules(path: Path) -> Rules:
    return read_rules(path.read_text(encoding="utf-8"), path.name)


def read_rules(text: str, name: str) -> Rules:
    """Raise ConfigurationError for a file that can’t be read; `configuration_checks` finds the faults in what was read."""
    try:
        return _rules(tomllib.loads(text), text)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{name} can’t be read: {error}.") from error


def _rules(table: dict[str, Any], text: str) -> Rules:
    escalation = table["escalation"]
    return Rules(
        version=table["version"],
        audit=_track("audit", table["audit"]),
        action=_track("action", table["action"]),
        escalation=_track("escalation", escalation),
        escalation_recipients=tuple(escalation["recipients"]),
        next_up={post: tuple(ups) for post, ups in escalation["next_up"].items()},
        falls_to={duty: tuple(others) for duty, others in table.get("falls_to", {}).items()},
        recorded=table.get("history", {}),
        text=text,
    )


def _track(name: str, table: dict[str, Any]) -> Track:
    states = [State(**_tuples(row)) for row in table["state"]]
    moves = [Move(**_tuples(row)) for row in table["move"]]
    _refuse_twins(name, [state.name for state in states])
    _refuse_twins(name, [move.name for move in moves])
    return Track(name, table["initial"], {s.name: s for s in states}, {m.name: m for m in moves})


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    named = {"sources" if key == "from" else key: value for key, value in row.items()}
    unknown = named.keys() - {field.name for kind in (State, Move) for field in fields(kind)}
    if unknown:
        raise KeyError(f"{row.get('name', 'a row')} has the unknown key {min(unknown)}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in named.items()}


def _refuse_twins(track: str, names: list[str]) -> None:
    twins = {name for name in names if names.count(name) > 1}
    if twins:
        raise KeyError(f"{track} names {min(twins)} twice")
