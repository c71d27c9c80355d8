"""One audit for each state and escalation that there can be, each walked there by its own people."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.factories import FOURTEENTH, SUMMARY, WALKS, Plan, World, an_audit, assign, resolve, save
from workflow.commands import action_moves, actions, audit_moves, escalations
from workflow.commands.actions import NewAction

STATES = ("draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed", "withdrawn")
ESCALATIONS = ("none", "open", "acknowledged", "resolved")
OF_THE_ACTION = "The canary of the action."
OF_THE_AUDIT = ("Seen on the file.", "Alex is safer.", "A family of three.")
OF_THE_MODERATION = ("Read again.", "Seen again.")


@dataclass(frozen=True)
class Scenario:
    """What section 5 of the rules asks about an audit."""

    name: str
    state: str
    escalation: str = "none"
    was_shared: bool = False
    was_moderated: bool = False
    has_moderator: bool = False
    is_judged: bool = False
    is_asked: bool = False

    @property
    def is_unshared(self) -> bool:
        return self.state in {"draft", "practitioner_consulted", "graded"}

    @property
    def is_escalated(self) -> bool:
        return self.escalation != "none"


def _every_state_and_escalation() -> list[Scenario]:
    found = []
    for state in STATES:
        # A draft was never shared, so nothing of it was ever Inadequate: revising leads back to grading alone.
        for escalation in ESCALATIONS if state != "draft" else ESCALATIONS[:1]:
            was_shared = escalation != "none" or state not in {"draft", "practitioner_consulted", "graded"}
            was_moderated = state in {"moderated", "actions_closed"}
            has_moderator = state in {"shared", "moderated", "actions_closed", "withdrawn"}
            found.append(
                Scenario(
                    f"{state}, {escalation}",
                    state,
                    escalation,
                    was_shared,
                    was_moderated,
                    has_moderator,
                    is_judged=was_moderated,
                    is_asked=state == "withdrawn",
                )
            )
    return found


SPECIAL_SCENARIOS = (
    Scenario("shared, nobody moderates", "shared", was_shared=True),
    Scenario("shared, judged", "shared", was_shared=True, has_moderator=True, is_judged=True),
    Scenario("graded, returned", "graded", was_shared=True),
    Scenario("graded, withdrawal asked", "graded", is_asked=True),
    Scenario("withdrawn, never shared", "withdrawn", is_asked=True),
)
SCENARIOS = (*_every_state_and_escalation(), *SPECIAL_SCENARIOS)


def child_of(scenario: Scenario) -> str:
    return f"C-{SCENARIOS.index(scenario)}"


def build_all(world: World) -> Mapping[str, str]:
    """Scene -> the reference of its audit."""
    return {scenario.name: _build(world, scenario) for scenario in SCENARIOS}


def _build(world: World, scenario: Scenario) -> str:
    plan = Plan(details={"child_id": child_of(scenario)})
    reference = an_audit(world, "draft", plan)
    save(world, "auditor", reference, "summary", SUMMARY)
    actions.add_action(
        world.command_context(), world.person("auditor"), reference, NewAction(OF_THE_ACTION, "owner@demo.example", "2026-12-20")
    )
    for state in STATES[1 : STATES.index(_farthest(scenario)) + 1]:
        WALKS[state](world, reference, plan) if state != "actions_closed" else _close(world, reference)
    _prepare_moderation(world, reference, scenario)
    _escalate(world, reference, scenario.escalation)
    _take_back(world, reference, scenario)
    _withdraw(world, reference, scenario)
    _check_state(world, reference, scenario)
    return reference


def _farthest(scenario: Scenario) -> str:
    if scenario.state == "withdrawn":
        return "shared" if scenario.was_shared else "graded"
    return "shared" if scenario.is_unshared and scenario.was_shared else scenario.state


def _close(world: World, reference: str) -> None:
    action_moves.report(world.command_context(), world.person("team.manager"), reference, 1)
    action_moves.verify(world.command_context(), world.person("qa"), reference, 1)
    audit_moves.close_actions(world.command_context(), world.person("qa"), reference)


def _prepare_moderation(world: World, reference: str, scenario: Scenario) -> None:
    if scenario.has_moderator and not scenario.was_moderated:
        assign(world, reference)
    if scenario.is_judged and not scenario.was_moderated:
        save(world, "moderator", reference, "moderation", {"grade": "good", **FOURTEENTH})


def _escalate(world: World, reference: str, to: str) -> None:
    if to == "none":
        return
    escalations.raise_escalation(world.command_context(), world.person("qa"), reference, "Raised by hand.")
    if to == "acknowledged":
        for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
            escalations.acknowledge(world.command_context(), world.person(name), reference)
    if to == "resolved":
        resolve(world, reference)


def _take_back(world: World, reference: str, scenario: Scenario) -> None:
    if scenario.is_unshared and scenario.was_shared:
        audit_moves.return_for_correction(world.command_context(), world.person("hos.ppqa"), reference, "Look at it again.")
    if scenario.state == "practitioner_consulted" and scenario.was_shared:
        audit_moves.revise(world.command_context(), world.person("auditor"), reference)


def _withdraw(world: World, reference: str, scenario: Scenario) -> None:
    if scenario.is_asked:
        audit_moves.withdraw(world.command_context(), world.person("qa"), reference, "The wrong child.")
    if scenario.state == "withdrawn":
        audit_moves.withdraw(world.command_context(), world.person("hos.ppqa"), reference, "")


def _check_state(world: World, reference: str, scenario: Scenario) -> None:
    audit = world.audit(reference)
    assert (audit.state, audit.escalation_state) == (scenario.state, scenario.escalation)
    assert (audit.was_shared, audit.moderated_at is not None) == (scenario.was_shared, scenario.was_moderated)
    assert (audit.moderator_id is not None, audit.withdrawal_asked_by is not None) == (scenario.has_moderator, scenario.is_asked)
