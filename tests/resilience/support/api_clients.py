"""Programs that make moves over the JSON interface, each on its own audits, and repeat an interrupted request under the same key."""

import http.client
import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

CUT_OFF = (OSError, http.client.HTTPException)


@dataclass(frozen=True)
class Move:
    """Who makes it, for an audit never escalated and one that was; its name in the history; `action` is the action’s state, if it is about one."""

    name: str
    by: str
    by_when_escalated: str
    leads_to: str = ""
    history: str = ""
    action: str = ""


MODERATED_AS_WELL = (
    Move("return_for_correction", "hos.ppqa", "hos.ppqa", "graded"),
    Move("report", "team.manager", "head.of.service", history="report_action", action="open"),
    Move("return", "qa", "hos.ppqa", history="return_action", action="reported"),
)
WAIVED = Move("waive_moderation", "qa", "", "moderated")
MOVES: Mapping[str, tuple[Move, ...]] = {
    "practitioner_consulted": (Move("grade", "auditor", "auditor", "graded"),),
    "graded": (Move("share", "auditor", "auditor", "shared"),) * 3 + (Move("revise", "auditor", "auditor", "practitioner_consulted"),),
    "shared": (*MODERATED_AS_WELL, WAIVED),
    "moderated": MODERATED_AS_WELL,
}


@dataclass
class Walk:
    """An audit that somebody moves on, as they were answered: the history that must be there, word for word, in the end."""

    reference: str
    is_inadequate: bool
    state: str = "graded"
    action: str = "open"
    history: list[str] = field(default_factory=list)

    def next_move(self, chance: random.Random) -> Move:
        possible = [move for move in MOVES[self.state] if move.action in {"", self.action} and not (self.is_inadequate and move is WAIVED)]
        return chance.choice(possible)

    def was_made(self, move: Move) -> None:
        self.state = move.leads_to or self.state
        if move.action:
            self.action = {"open": "reported", "reported": "open"}[self.action]
        self.history.append(move.history or move.name)
        if move.name == "share" and self.is_inadequate:
            self.history.append("open_escalation")


class Client:
    def __init__(self, port: int, tokens: Mapping[str, str], is_up: threading.Event, number: int, chance: random.Random) -> None:
        self.port, self.tokens, self.is_up, self.number, self.chance = port, tokens, is_up, number, chance
        self.connection = self._connection()
        self.moves = self.cut_off = 0

    def walk(self, walks: list[Walk], is_enough: threading.Event) -> None:
        while not is_enough.is_set():
            walk = self.chance.choice(walks)
            move = walk.next_move(self.chance)
            self._make(walk, move)
            walk.was_made(move)
            self.moves += 1
        self.connection.close()

    def _make(self, walk: Walk, move: Move) -> None:
        who = move.by_when_escalated if walk.is_inadequate and walk.history else move.by
        key, was_cut_off = f"client-{self.number}-{self.moves}", False
        while True:
            try:
                status, said = self._ask(walk, move, who, key)
            except CUT_OFF:
                was_cut_off = True
                self.cut_off += 1
                self._wait()
                continue
            # A move of an action has no key: where it was made and its answer lost, it is refused now.
            is_made = status == HTTPStatus.OK or (move.action and was_cut_off and status == HTTPStatus.CONFLICT)
            assert is_made, (walk, move, status, said)
            assert move.action or said["state"] == (move.leads_to or walk.state)
            return

    def _ask(self, walk: Walk, move: Move, who: str, key: str) -> tuple[int, Any]:
        path = f"/actions/{walk.reference}-1/moves" if move.action else f"/audits/{walk.reference}/moves"
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json", "Idempotency-Key": key}
        self.connection.request("POST", f"/api/v1{path}", json.dumps({"move": move.name, "reason": "Because."}), headers)
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def _wait(self) -> None:
        """Until a server is there again."""
        self.connection.close()
        self.is_up.wait(60)
        self.connection = self._connection()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
