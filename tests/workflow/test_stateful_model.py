"""Any sequence of moves, legal and illegal, by anybody, on three audits at once: the model and the service agree at each step.

After each step the invariants of the rules hold: the history is intact and replays to what is stored, a refusal changed nothing,
each is told once, what was sealed stays, and before sharing nobody of the case knows of it.
"""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from tests.factories import AN_ACTION, DETAILS, FOURTEENTH, a_fake_world, answers, save
from tests.support.bar_table import Bar
from tests.workflow.support.invariants import Invariants
from tests.workflow.support.model import BEFORE_SHARING, FORWARD, RECIPIENTS, Model
from workflow.commands import actions, assignments, drafting
from workflow.commands.registry import make_action_move, make_audit_move, make_escalation_move

PEOPLE = ("auditor", "auditor2", "team.manager", "moderator", "qa", "head.of.service", "director.safeguarding", "hos.ppqa")
MOVES = (*FORWARD, "return_for_correction", "withdraw")
AUDITS = st.integers(0, 2)
WHO = st.sampled_from(PEOPLE)
STEPS, SHARDS = 50, 4
SEQUENCES = 2_000 // SHARDS
LONG_SEQUENCES = 10_000 // SHARDS
SEEN: Counter[str] = Counter()
ENDED: Counter[str] = Counter()
MADE: Counter[str] = Counter()


class AnySequence(Invariants):
    def __init__(self) -> None:
        super().__init__()
        self.world = a_fake_world()

    @initialize()
    def three_audits(self) -> None:
        for auditor in ("auditor", "auditor2", "auditor"):
            self.references.append(drafting.start_audit(self.world.command_context(), self.world.person(auditor), DETAILS).reference)
            self.models.append(Model(auditor))
            save(self.world, auditor, self.references[-1], "consultation", {"spoke_to": "Priya Nair"})

    @rule(which=AUDITS, who=WHO, move=st.sampled_from(MOVES))
    def anybody_tries_any_move(self, which: int, who: str, move: str) -> None:
        model, reference = self.models[which], self.references[which]
        expected = model.expects(who, move)
        given = {"move": move, "reason": "Because.", "new_actions": (AN_ACTION,) if move == "reopen" else ()}
        got = self.tried(reference, lambda: make_audit_move(self.world.command_context(), self.world.person(who), reference, given))
        assert got == expected, (who, move, model)
        if got == "yes":
            MADE[move] += 1
            model.makes(who, move)
            if move == "reopen":
                model.adds()
        SEEN[got] += 1

    @rule(which=AUDITS, pick=st.integers(0, 20))
    def somebody_makes_a_move_that_is_theirs(self, which: int, pick: int) -> None:
        """Also backwards and aside, where chance alone seldom comes."""
        model = self.models[which]
        theirs = [(who, move) for who in PEOPLE for move in MOVES if model.expects(who, move) == "yes"]
        if theirs:
            self.anybody_tries_any_move(which, *theirs[pick % len(theirs)])

    @rule(which=AUDITS, lower=st.booleans(), grade=st.sampled_from(("good", "inadequate", "outstanding")))
    def it_is_carried_on(self, which: int, lower: bool, grade: str) -> None:
        """One step forward by the person whose step it is, so that walks come far."""
        model, world, reference = self.models[which], self.world, self.references[which]
        if model.state == "practitioner_consulted":
            self._fill(which, grade)
        if model.state == "graded" and not model.actions:
            actions.add_action(world.command_context(), world.person(model.auditor), reference, AN_ACTION)
            model.adds()
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
        version = self.world.audit(reference).version
        may = (
            who == model.moderator and model.state == "shared"
            if section == "moderation"
            else who == model.auditor and model.state in BEFORE_SHARING
        )
        expected = "unknown" if not model.knows(who) else "not theirs" if not may else "stale" if back else "yes"
        given = {"grade": "good", **FOURTEENTH}
        context, person = self.world.command_context(), self.world.person(who)
        got = self.tried(
            reference, lambda: drafting.save_section(context, person, reference, section, given, version - back, of_whole_audit=True)
        )
        assert got == expected, (who, section, back, model)
        if got == "yes" and section == "moderation":
            model.judged = None if model.grade != "good" else "good"
        SEEN[got] += 1

    @rule(which=AUDITS, who=WHO, move=st.sampled_from(("acknowledge", "plan", "resolve", "raise")))
    def anybody_tries_the_escalation(self, which: int, who: str, move: str) -> None:
        model, reference = self.models[which], self.references[which]
        expected = model.escalation_expects(who, move)
        given = {"move": move, "plan": "Visit.", "reason": "Because."}
        got = self.tried(reference, lambda: make_escalation_move(self.world.command_context(), self.world.person(who), reference, given))
        assert got == expected, (who, move, model)
        if got == "yes":
            model.escalation_moves(who, move)
        SEEN[got] += 1

    @rule(which=AUDITS, who=WHO, move=st.sampled_from(("report", "verify", "return", "cancel")))
    def anybody_tries_an_action(self, which: int, who: str, move: str) -> None:
        model, reference = self.models[which], self.references[which]
        number = min(model.live, default=1)
        given = {"move": move, "reason": "Because.", "completed_on": "", "due_on": ""}
        got = self.tried(
            reference,
            lambda: make_action_move(self.world.command_context(), self.world.person(who), reference, number, given),
        )
        if got == "yes":
            assert model.state in {"shared", "moderated"}
            assert model.may_act(who, move, number), (who, move, model)
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
        context, person = self.world.command_context(), self.world.person(who)
        got = self.tried(reference, lambda: assignments.assign_moderator(context, person, reference, "moderator@demo.example"))
        assert got == expected, (who, model)
        if got == "yes":
            model.moderator = "moderator"
        SEEN[got] += 1

    def teardown(self) -> None:
        ENDED.update(model.state for model in self.models)
        ENDED.update(f"escalation {model.escalation}" for model in self.models)

    def _fill(self, which: int, grade: str) -> None:
        model, reference = self.models[which], self.references[which]
        for section, given in answers(grade).items():
            if section not in {"details", "consultation"}:
                save(self.world, model.auditor, reference, section, given)
        model.filled, model.grade = True, grade

    def _judge(self, which: int, grade: str) -> None:
        model, world, reference = self.models[which], self.world, self.references[which]
        assignments.assign_moderator(world.command_context(), world.person("qa"), reference, "moderator@demo.example")
        save(world, "moderator", reference, "moderation", {"grade": grade, **FOURTEENTH, "difference_reason": "Seen differently."})
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
            context = self.world.command_context()
            if state == "open":
                make_action_move(context, self.world.person(reporter), self.references[which], number, given)
                model.actions[number], model.reporters[number] = "reported", reporter
            if model.actions[number] == "reported":
                make_action_move(
                    self.world.command_context(), self.world.person(verifier), self.references[which], number, given | {"move": "verify"}
                )
                model.actions[number] = "verified"


def run_any(machine: type[AnySequence], sequences: int) -> None:
    SEEN.clear()
    ENDED.clear()
    MADE.clear()
    hush = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    how = settings(max_examples=sequences, stateful_step_count=STEPS, deadline=None, database=None, suppress_health_check=hush)
    run_state_machine_as_test(machine, settings=how)
    print(f"{sequences} sequences of up to {STEPS} steps: {dict(SEEN)}; made {dict(MADE)}; ended {dict(ENDED)}")
    assert SEEN["yes"] > sequences
    assert sequences < SEQUENCES or (SEEN.keys() >= {"missing", "stale"} and len(MADE) >= len(MOVES) - 1 and ENDED["withdrawn"])


@pytest.mark.slow_because("the model finds what no list of cases foresees")
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_sequence_keeps_the_invariants(shard: int, bar: Bar) -> None:
    run_any(AnySequence, SEQUENCES)
    bar("W1", wanted=SEQUENCES, seen=SEQUENCES)


@pytest.mark.long
@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_sequence_keeps_the_invariants_for_long(shard: int, bar: Bar) -> None:
    run_any(AnySequence, LONG_SEQUENCES)
    bar("W1", wanted=LONG_SEQUENCES, seen=LONG_SEQUENCES)
