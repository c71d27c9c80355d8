"""From the name of an escalation’s move, as a door is given it, to the one command that carries it out."""

from collections.abc import Mapping

from workflow.commands import escalations
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import BadInput
from workflow.models import Audit


def carry_out(context: CommandContext, who: Person, reference: str, given: Mapping[str, str | None]) -> Audit:
    """`given` holds `move`, and as it needs `reason` or `plan`; raises BadInput for a move that there is not."""
    reason, plan = given["reason"] or "", given["plan"] or ""
    if given["move"] == "acknowledge":
        return escalations.acknowledge(context, who, reference)
    if given["move"] == "plan":
        return escalations.plan(context, who, reference, plan)
    if given["move"] == "resolve":
        return escalations.resolve(context, who, reference, reason)
    if given["move"] == "raise":
        return escalations.raise_escalation(context, who, reference, reason)
    raise BadInput.about("move", "There is no such move; the moves are acknowledge, plan, resolve, raise.")
