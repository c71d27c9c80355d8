"""Any sequence of moves, legal and illegal, by anybody, on three audits at once: the model and the service agree at each step.

After each step the promises of the rules hold: the history replays to what is stored and is whole, a refusal changed nothing,
each is told once, what was sealed stays, and before sharing nobody of the case knows of it.
"""

import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.factories import AN_ACTION, DETAILS, FOURTEENTH, House, a_council, a_fake_house, a_house, answers, save
from tests.workflow.model import BEFORE_SHARING, FORWARD, RECIPIENTS, Model
from web import action_moves, escalation_moves
from web.moves import carry_out
from workflow.commands import actions, oversight, writing
from workflow.commands.seeing import see
from workflow.errors import NotFound, NotFromHere, NotReady, NotYours, Refusal, Stale
from workflow.history import first_break, replay

PEOPLE = ("auditor", "auditor2", "team.manager", "moderator", "qa", "head.of.service", "director.safeguarding", "hos.ppqa")
OF_THE_CASE = ("practitioner", "team.manager", "service.manager", "qaro")
MOVES = (*FORWARD, "return_for_correction", "withdraw")
AUDITS = st.integers(0, 2)
WHO = st.sampled_from(PEOPLE)
STEPS, SHARDS = 50, 4
SEQUENCES = 2_000 // SHARDS
LONG_SEQUENCES = 10_000 // SHARDS
KINDS: dict[type[Refusal], str] = {NotFound: "unknown", NotYours: "not theirs", NotFromHere: "not from here", NotReady: "missing"}
SEEN: Counter[str] = Counter()
ENDED: Counter[str] = Counter()


class AnySequence(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.house: House = a_fake_house()
        self.references: list[str] = []
        self.models: list[Model] = []
        self.sealed: dict[tuple[str, int, str], str] = {}

    @initialize()
    def three_audits(self) -> None:
        for auditor in ("auditor", "auditor2", "auditor"):
            self.references.append(writing.start_audit(self.house.desk(), self.house.person(auditor), DETAILS).reference)
            self.models.append(Model(auditor))
            save(self.house, auditor, self.references[-1], "consultation", {"spoke_to": "Priya Nair"})

    @rule(which=AUDITS, who=WHO, move=st.sampled_from(MOVES))
    def anybody_tries_any_move(self, which: int, who: str, move: str) -> None:
        model, reference = self.models[which], self.references[which]
        expected = model.expects(who, move)
        new = (AN_ACTION,) if move == "reopen" else ()
        got = self._try(reference, lambda: carry_out(self.house.desk(), self.house.person(who), reference, move, "Because.", new))
        assert got == expected, (who, move, model)
        if got == "yes":
            model.makes(who, move)
            if move == "reopen":
                self._adds(model)
        SEEN[got] += 1

    @rule(which=AUDITS, lower=st.booleans(), grade=st.sampled_from(("good", "inadequate", "outstanding")))
    def it_is_carried_on(self, which: int, lower: bool, grade: str) -> None:
        """One step forward by whoever’s step it is, so that walks come far."""
        model, house, reference = self.models[which], self.house, self.references[which]
        if model.state == "practitioner_consulted":
            self._fill(which, grade)
        if model.state == "graded" and not model.actions:
            actions.add_action(house.desk(), house.person(model.auditor), reference, AN_ACTION)
            self._adds(model)
        if model.state == "shared":
            self._judge(which, "inadequate" if lower else model.grade)
        if model.state == "moderated":
            self._settle(which)
        for who in (model.auditor, "moderator", "qa", "hos.ppqa"):
            move = next(
                (
                    move
                    for move in ("record_consultation", "grade", "share", "moderate", "close_actions")
                    if FORWARD[move][0] == model.state
                ),
                None,
            )
            if move and model.expects(who, move) == "yes":
                self.anybody_tries_any_move(which, who, move)
                return

    @rule(which=AUDITS, lower=st.booleans(), grade=st.sampled_from(("good", "inadequate", "outstanding")))
    def it_is_carried_on_further(self, which: int, lower: bool, grade: str) -> None:
        for _ in range(3):
            self.it_is_carried_on(which, lower, grade)

    @rule(which=AUDITS, who=WHO, section=st.sampled_from(("area_1", "area_9", "moderation")), back=st.integers(0, 2))
    def anybody_saves(self, which: int, who: str, section: str, back: int) -> None:
        model, reference = self.models[which], self.references[which]
        version = self.house.audit(reference).version
        may = (
            who == model.moderator and model.state == "shared"
            if section == "moderation"
            else who == model.auditor and model.state in BEFORE_SHARING
        )
        expected = "unknown" if not model.knows(who) else "not theirs" if not may else "stale" if back else "yes"
        given = {"grade": "good", **FOURTEENTH}
        desk, person = self.house.desk(), self.house.person(who)
        got = self._try(
            reference, lambda: writing.save_section(desk, person, reference, section, given, version - back, of_whole_audit=True)
        )
        assert got == expected, (who, section, back, model)
        if got == "yes" and section == "moderation":
            model.judged = None if model.grade != "good" else "good"
        SEEN[got] += 1

    @rule(which=AUDITS, who=WHO, move=st.sampled_from(("acknowledge", "plan", "resolve", "raise")))
    def anybody_tries_the_escalation(self, which: int, who: str, move: str) -> None:
        model, reference = self.models[which], self.references[which]
        expected = self._escalation_expects(model, who, move)
        given = {"move": move, "plan": "Visit.", "reason": "Because."}
        got = self._try(reference, lambda: escalation_moves.carry_out(self.house.desk(), self.house.person(who), reference, given))
        assert got == expected, (who, move, model)
        if got == "yes":
            self._escalation_moves(model, who, move)
        SEEN[got] += 1

    @rule(which=AUDITS, who=WHO, move=st.sampled_from(("report", "verify", "return", "cancel")))
    def anybody_tries_an_action(self, which: int, who: str, move: str) -> None:
        model, reference = self.models[which], self.references[which]
        number = min(model.live, default=1)
        given = {"move": move, "reason": "Because.", "completed_on": "", "due_on": ""}
        got = self._try(reference, lambda: action_moves.carry_out(self.house.desk(), self.house.person(who), reference, number, given))
        if got == "yes":
            assert model.state in {"shared", "moderated"}
            assert self._may_act(model, who, move, number), (who, move, model)
            model.actions[number] = {"report": "reported", "verify": "verified", "return": "open", "cancel": "cancelled"}[move]
            if move == "report":
                model.reporters[number] = who
            if move == "return":
                del model.reporters[number]
        SEEN[got] += 1

    @rule(which=AUDITS, who=WHO)
    def anybody_assigns_the_moderator(self, which: int, who: str) -> None:
        model, reference = self.models[which], self.references[which]
        may = who in {"qa", "hos.ppqa"} and model.state == "shared"
        expected = "unknown" if not model.knows(who) else "yes" if may else "not theirs"
        desk, person = self.house.desk(), self.house.person(who)
        got = self._try(reference, lambda: oversight.assign_moderator(desk, person, reference, "moderator@demo.example"))
        assert got == expected, (who, model)
        if got == "yes":
            model.moderator = "moderator"
        SEEN[got] += 1

    def teardown(self) -> None:
        ENDED.update(model.state for model in self.models)
        ENDED.update(f"escalation {model.escalation}" for model in self.models)

    # --- After each step ---

    @invariant()
    def the_promises_hold(self) -> None:
        for reference, model in zip(self.references, self.models, strict=True):
            audit = self.house.audit(reference)
            assert (audit.state, audit.escalation_state) == (model.state, model.escalation)
            assert {action.number: action.state for action in audit.actions} == model.actions
            rows = self.house.store.history(audit)
            assert first_break(reference, rows, audit.chain) is None
            assert replay(rows) == (model.state, model.escalation)
            self._what_was_sealed_stays(reference, audit)
            if not model.was_shared:
                self._nobody_of_the_case_knows(reference)
        self._each_is_told_once()

    def _what_was_sealed_stays(self, reference: str, audit: Any) -> None:
        for seal in self.house.store.seals(audit):
            assert self.sealed.setdefault((reference, seal.edition, seal.part), seal.content) == seal.content

    def _nobody_of_the_case_knows(self, reference: str) -> None:
        for name in OF_THE_CASE:
            with pytest.raises(NotFound):
                see(self.house.desk(), self.house.person(name), reference)

    def _each_is_told_once(self) -> None:
        sent = getattr(self.house.store, "sent", [])
        assert len(sent) == len({(notice.key, notice.person_id) for notice in sent})

    # --- Helping hands ---

    def _try(self, reference: str, run: Any) -> str:
        before = self._everything(reference)
        try:
            run()
        except Stale:
            refused = "stale"
        except Refusal as refusal:
            refused = KINDS[type(refusal)]
        else:
            return "yes"
        assert self._everything(reference) == before, "a refusal changed something"
        return refused

    def _everything(self, reference: str) -> tuple[Any, ...]:
        audit = self.house.audit(reference)
        return audit, len(self.house.store.history(audit)), len(getattr(self.house.store, "sent", ()))

    def _fill(self, which: int, grade: str) -> None:
        model, reference = self.models[which], self.references[which]
        for section, given in answers(grade).items():
            if section not in {"details", "consultation"}:
                save(self.house, model.auditor, reference, section, given)
        model.filled, model.grade = True, grade

    def _judge(self, which: int, grade: str) -> None:
        model, house, reference = self.models[which], self.house, self.references[which]
        oversight.assign_moderator(house.desk(), house.person("qa"), reference, "moderator@demo.example")
        save(house, "moderator", reference, "moderation", {"grade": grade, **FOURTEENTH, "difference_reason": "Seen differently."})
        model.moderator, model.judged = "moderator", grade

    def _settle(self, which: int) -> None:
        model = self.models[which]
        for who in RECIPIENTS:
            self.anybody_tries_the_escalation(which, who, "acknowledge")
        if model.escalation in {"open", "acknowledged"}:
            self.anybody_tries_the_escalation(which, "head.of.service", "plan")
            self.anybody_tries_the_escalation(which, "hos.ppqa", "resolve")
        reporter, verifier = ("team.manager", "qa") if model.escalation == "none" else ("head.of.service", "hos.ppqa")
        for number, state in list(model.actions.items()):
            given = {"move": "report", "reason": "", "completed_on": "", "due_on": ""}
            desk = self.house.desk()
            if state == "open":
                action_moves.carry_out(desk, self.house.person(reporter), self.references[which], number, given)
                model.actions[number], model.reporters[number] = "reported", reporter
            if model.actions[number] == "reported":
                action_moves.carry_out(
                    self.house.desk(), self.house.person(verifier), self.references[which], number, given | {"move": "verify"}
                )
                model.actions[number] = "verified"

    @staticmethod
    def _adds(model: Model) -> None:
        number = max(model.actions, default=0) + 1
        model.actions[number] = "open"
        if model.state == "moderated":
            model.live.add(number)

    @staticmethod
    def _may_act(model: Model, who: str, move: str, number: int) -> bool:
        escalated = model.escalation != "none"
        if move == "cancel":
            return who in {"qa", "hos.ppqa"}
        if move == "report":
            return who == ("head.of.service" if escalated else "team.manager")
        return who == ("hos.ppqa" if escalated else "qa") and model.reporters.get(number) != who

    @staticmethod
    def _escalation_expects(model: Model, who: str, move: str) -> str:
        if not model.knows(who):
            return "unknown"
        by = {
            "acknowledge": RECIPIENTS,
            "plan": ("head.of.service",),
            "resolve": ("hos.ppqa",),
            "raise": ("qa", "head.of.service", "hos.ppqa"),
        }
        if who not in by[move] or (move == "acknowledge" and model.escalation == "none"):
            return "not theirs"
        sources = {"acknowledge": {"open"}, "plan": {"open", "acknowledged"}, "resolve": {"acknowledged"}, "raise": {"none", "resolved"}}
        if model.escalation not in sources[move]:
            return "not from here"
        blocked = {
            "acknowledge": who in model.acknowledged, "plan": False, "resolve": not model.planned, "raise": not model.was_shared,
        }  # fmt: skip
        return "missing" if blocked[move] else "yes"

    @staticmethod
    def _escalation_moves(model: Model, who: str, move: str) -> None:
        if move == "raise":
            model.escalation, model.acknowledged, model.planned = "open", set(), False
        if move == "acknowledge":
            model.acknowledged.add(who)
            model.escalation = "acknowledged" if model.acknowledged == set(RECIPIENTS) else "open"
        if move == "plan":
            model.planned = True
        if move == "resolve":
            model.escalation = "resolved"


def _run(machine: type[AnySequence], sequences: int) -> None:
    SEEN.clear()
    ENDED.clear()
    hush = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    how = settings(max_examples=sequences, stateful_step_count=STEPS, deadline=None, database=None, suppress_health_check=hush)
    run_state_machine_as_test(machine, settings=how)
    print(f"{sequences} sequences of up to {STEPS} steps: {dict(SEEN)}; ended {dict(ENDED)}")
    assert SEEN["yes"] > sequences
    assert SEEN["missing"] or sequences < 500


@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_sequence_keeps_the_promises(shard: int) -> None:
    _run(AnySequence, SEQUENCES)


@pytest.mark.long
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_sequence_keeps_the_promises_for_long(shard: int) -> None:
    _run(AnySequence, LONG_SEQUENCES)


def test_any_sequence_keeps_the_promises_on_a_real_database(tmp_path: Any) -> None:
    council = a_council(tmp_path / "var")

    class OnSqlite(AnySequence):
        def __init__(self) -> None:
            super().__init__()
            self.house = a_house(council)

    _run(OnSqlite, int(os.environ.get("SQL_SEQUENCES", "20")))
    council.engine.dispose()
