"""From a move’s name, as a door is given it, to the one command that carries it out."""

from workflow.commands import audit_moves
from workflow.commands.actions import NewAction
from workflow.commands.available_moves import named_move
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.models import Audit

PLAIN = {
    "record_consultation": audit_moves.record_consultation, "grade": audit_moves.grade, "revise": audit_moves.revise, "share": audit_moves.share,
    "moderate": audit_moves.moderate, "close_actions": audit_moves.close_actions,
}  # fmt: skip
REASONED = {
    "waive_moderation": audit_moves.waive_moderation,
    "return_for_correction": audit_moves.return_for_correction,
    "withdraw": audit_moves.withdraw,
}


def carry_out(
    context: CommandContext, who: Person, reference: str, move: str, reason: str = "", new_actions: tuple[NewAction, ...] = ()
) -> Audit:
    """Raise BadInput for a move that there is not, and whatever the command refuses with."""
    name = named_move(context.rules.audit, move).name
    if name in PLAIN:
        return PLAIN[name](context, who, reference)
    if name in REASONED:
        return REASONED[name](context, who, reference, reason)
    return audit_moves.reopen(context, who, reference, reason, new_actions)
