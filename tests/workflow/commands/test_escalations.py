"""The escalation’s moves: each acknowledges once."""

import pytest

from tests.factories import World, an_audit
from workflow.commands import escalations
from workflow.commands.audit_view import see
from workflow.errors import PreconditionsNotMet

RECIPIENTS = ("head.of.service", "director.safeguarding", "hos.ppqa")


def may_acknowledge(world: World, reference: str) -> list[str]:
    return [name for name in RECIPIENTS if "acknowledge_escalation" in see(world.command_context(), world.person(name), reference).may]


def test_each_acknowledges_once_and_is_not_offered_it_again(world: World) -> None:
    reference = an_audit(world, "shared", grade="inadequate")
    assert may_acknowledge(world, reference) == [*RECIPIENTS]
    escalations.acknowledge(world.command_context(), world.person("director.safeguarding"), reference)
    assert may_acknowledge(world, reference) == ["head.of.service", "hos.ppqa"]
    with pytest.raises(PreconditionsNotMet):
        escalations.acknowledge(world.command_context(), world.person("director.safeguarding"), reference)
