"""An independent model of the rules for the random walks: small dictionaries, written from the rules and not from the code.

It says what a person may do to an audit of which everything needed is given, and where that leads.
"""

from dataclasses import dataclass, field

BEFORE_SHARING = ("draft", "practitioner_consulted", "graded")
FORWARD = {
    "record_consultation": ("draft", "practitioner_consulted"), "grade": ("practitioner_consulted", "graded"),
    "revise": ("graded", "practitioner_consulted"), "share": ("graded", "shared"), "moderate": ("shared", "moderated"),
    "waive_moderation": ("shared", "moderated"), "close_actions": ("moderated", "actions_closed"), "reopen": ("actions_closed", "moderated"),
}  # fmt: skip
AUDITORS_OWN = ("record_consultation", "grade", "revise", "share")
RECIPIENTS = ("head.of.service", "director.safeguarding", "hos.ppqa")


@dataclass
class Model:
    """One audit as the rules have it; `actions` holds each action’s state by number."""

    auditor: str
    state: str = "draft"
    grade: str = "good"
    filled: bool = False
    escalation: str = "none"
    acknowledged: set[str] = field(default_factory=set)
    planned: bool = False
    moderator: str | None = None
    judged: str | None = None
    was_shared: bool = False
    asked_by: str | None = None
    actions: dict[int, str] = field(default_factory=dict)
    reporters: dict[int, str] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)

    def knows(self, who: str) -> bool:
        if who in {"qa", "admin", self.auditor, self.moderator}:
            return True
        if who == "hos.ppqa" and self.asked_by:
            return True
        if who == "director.safeguarding":
            return self.escalation != "none"
        return self.was_shared and who not in {"auditor", "auditor2", "moderator"}

    def expects(self, who: str, move: str) -> str:
        """ "yes", or the refusal: "unknown", "not theirs", "not from here", "missing"."""
        if not self.knows(who):
            return "unknown"
        if move == "withdraw":
            return self._withdrawal(who)
        if not self._may(who, move):
            return "not theirs"
        sources = ("shared", "moderated") if move == "return_for_correction" else (FORWARD[move][0],)
        if self.state not in sources:
            return "not from here"
        return "yes" if self._is_ready(who, move) else "missing"

    def _withdrawal(self, who: str) -> str:
        if who not in {self.auditor, "qa", "hos.ppqa"}:
            return "not theirs"
        if self.state in {"actions_closed", "withdrawn"}:
            return "not from here"
        return "yes" if (who == "hos.ppqa") == (self.asked_by is not None) else "missing"

    def _may(self, who: str, move: str) -> bool:
        if move in AUDITORS_OWN:
            return who == self.auditor
        if move == "moderate":
            return who == self.moderator
        if move == "close_actions":
            return who == ("qa" if self.escalation == "none" else "hos.ppqa")
        return who == "hos.ppqa" if move == "return_for_correction" else who in {"qa", "hos.ppqa"}

    def _is_ready(self, who: str, move: str) -> bool:
        if move == "grade":
            return self.filled
        if move == "share":
            return self.filled and bool(self.actions)
        if move == "moderate":
            return self.judged is not None
        if move == "waive_moderation":
            return self.grade != "inadequate"
        if move == "close_actions":
            settled = all(state in {"verified", "cancelled"} for state in self.actions.values())
            return settled and self.escalation in {"none", "resolved"} and who not in self.reporters.values()
        return True

    def makes(self, who: str, move: str) -> None:
        if move == "withdraw":
            if self.asked_by is None:
                self.asked_by = who
            else:
                self.state = "withdrawn"
        elif move == "return_for_correction":
            self.state, self.moderator, self.judged = "graded", None, None
        else:
            self.state = FORWARD[move][1]
        if move == "share":
            self.was_shared, self.grade_shared = True, self.grade
            self.live = set(self.actions)
            self._escalates(self.grade == "inadequate")
        if move == "moderate":
            self._escalates(self.judged == "inadequate" and self.grade_shared != "inadequate")
        if move in {"moderate", "waive_moderation"}:
            self.live = set(self.actions)

    def _escalates(self, does: bool) -> None:
        if does:
            self.escalation, self.acknowledged, self.planned = "open", set(), False

    # --- Actions and the escalation ---

    def adds(self) -> None:
        number = max(self.actions, default=0) + 1
        self.actions[number] = "open"
        if self.state == "moderated":
            self.live.add(number)

    def may_act(self, who: str, move: str, number: int) -> bool:
        escalated = self.escalation != "none"
        if move == "cancel":
            return who in {"qa", "hos.ppqa"}
        if move == "report":
            return who == ("head.of.service" if escalated else "team.manager")
        return who == ("hos.ppqa" if escalated else "qa") and self.reporters.get(number) != who

    def escalation_expects(self, who: str, move: str) -> str:
        if not self.knows(who):
            return "unknown"
        by = {
            "acknowledge": RECIPIENTS,
            "plan": ("head.of.service",),
            "resolve": ("hos.ppqa",),
            "raise": ("qa", "head.of.service", "hos.ppqa"),
        }
        if who not in by[move] or (move == "acknowledge" and self.escalation == "none"):
            return "not theirs"
        sources = {"acknowledge": {"open"}, "plan": {"open", "acknowledged"}, "resolve": {"acknowledged"}, "raise": {"none", "resolved"}}
        if self.escalation not in sources[move]:
            return "not from here"
        blocked = {
            "acknowledge": who in self.acknowledged, "plan": False, "resolve": not self.planned, "raise": not self.was_shared or self.state == "withdrawn",
        }  # fmt: skip
        return "missing" if blocked[move] else "yes"

    def escalation_moves(self, who: str, move: str) -> None:
        if move == "raise":
            self.escalation, self.acknowledged, self.planned = "open", set(), False
        if move == "acknowledge":
            self.acknowledged.add(who)
            self.escalation = "acknowledged" if self.acknowledged == set(RECIPIENTS) else "open"
        if move == "plan":
            self.planned = True
        if move == "resolve":
            self.escalation = "resolved"
