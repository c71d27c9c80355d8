"""From the name of an action’s move, as a door is given it, to the one command that carries it out."""

from collections.abc import Mapping

from workflow.commands import actions
from workflow.commands.available_moves import named_move
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.models import SmartAction
from workflow.validation import read_day

PLAIN = {"verify": actions.verify, "grant_more_time": actions.grant_more_time}
REASONED = {"return": actions.return_action, "cancel": actions.cancel, "refuse_more_time": actions.refuse_more_time}


def carry_out(context: CommandContext, who: Person, reference: str, number: int, given: Mapping[str, str | None]) -> SmartAction:
    """`given` holds `move`, and as it needs `reason`, `completed_on`, `due_on`; raises BadInput for a move that there is not."""
    name, reason = named_move(context.rules.action, given["move"] or "").name, given["reason"] or ""
    if name in PLAIN:
        return PLAIN[name](context, who, reference, number)
    if name in REASONED:
        return REASONED[name](context, who, reference, number, reason)
    if name == "report":
        return actions.report(context, who, reference, number, read_day("completed_on", given["completed_on"]))
    return actions.ask_for_more_time(context, who, reference, number, read_day("due_on", given["due_on"]), reason)
