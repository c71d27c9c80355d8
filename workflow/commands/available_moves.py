"""Checks of a move, in this order and for all three tracks: permitted, possible from this state, nothing missing."""

from collections.abc import Collection
from dataclasses import dataclass

from workflow.blindness import directory_about
from workflow.commands.context import CommandContext
from workflow.directory import Directory, Person
from workflow.errors import BadInput, Missing, PermissionDenied
from workflow.guards import GuardContext, ensure_nothing_is_missing, what_is_missing
from workflow.guards.context import MoveInput
from workflow.models import Audit, SmartAction
from workflow.retelling import writers_of
from workflow.state_machine import leads_to, moves_from
from workflow.workflow_config import Move, Track


@dataclass(frozen=True, slots=True)
class AvailableMove:
    """A move that this person may make, and what is still missing for it."""

    move: Move
    missing: tuple[Missing, ...]


def find_makers(move: Move, audit: Audit, action: SmartAction | None, directory: Directory) -> tuple[str, ...]:
    """The relations that may make a move now; where everybody in the post is involved in the actions, the next post too (rules, 2)."""
    posts = move.makers(audit.was_escalated)
    if not move.falls_to:
        return posts
    involved, directory = _involved(audit, action), directory_about(audit, directory)
    for post in move.falls_to[move.falls_to.index(posts[0]) :]:
        if any(person.id not in involved for person in directory.in_post(post, audit.header.team)):
            return (*posts, post)
    return posts


def _involved(audit: Audit, action: SmartAction | None) -> Collection[int | None]:
    return audit.interested_people if action is None else {action.owner_id, action.reported_by}


def find_move(track: Track, name: str) -> Move:
    """Raise BadInput for a move that is not in the table, or that nobody makes by name."""
    moves = {move.name: move for move in track.moves_made_by_name}
    if name not in moves:
        raise BadInput.about("move", f"There is no such move; the moves are {', '.join(moves)}.")
    return moves[name]


def make_guard_context(
    context: CommandContext, who: Person, audit: Audit, given: MoveInput | None = None, action: SmartAction | None = None
) -> GuardContext:
    return GuardContext(
        audit,
        who,
        context.directory,
        context.form_of(audit),
        context.today,
        context.rules.escalation_recipients,
        context.permissions.titles,
        given or MoveInput(),
        action,
        lambda: writers_of(context.store.history(audit)),
    )


def check_permitted(
    context: CommandContext, who: Person, audit: Audit, ties: Collection[str], move: Move, action: SmartAction | None = None
) -> None:
    if not may_make(context, audit, ties, move, action):
        raise PermissionDenied(f"You do not have permission to make the move “{move.title}”.")


def may_make(context: CommandContext, audit: Audit, ties: Collection[str], move: Move, action: SmartAction | None = None) -> bool:
    allowed = (*find_makers(move, audit, action, context.directory), *move.asked_by)
    return any(tie in allowed for tie in ties)


def check_preconditions(track: Track, state: str, move: Move, s: GuardContext, *, asks: bool = False) -> str:
    """The state that the move leads to; raises InvalidTransition, or PreconditionsNotMet with everything that is missing."""
    destination = leads_to(track, state, move.name)
    ensure_nothing_is_missing(move.needs_when_asked if asks else move.needs, s)
    return destination


def available_moves(context: CommandContext, who: Person, audit: Audit, ties: Collection[str]) -> tuple[AvailableMove, ...]:
    """The moves of the audit that this person may make now. What is given with a move, such as a reason, counts as missing."""
    found = []
    for name in moves_from(context.rules.audit, audit.state):
        move = context.rules.audit.moves[name]
        s = make_guard_context(context, who, audit)
        if may_make(context, audit, ties, move) and not what_is_missing(move.offered_where, s):
            asks = is_request_only(move, audit, ties)
            missing = what_is_missing(move.needs_when_asked if asks else move.needs, s)
            found.append(AvailableMove(move, missing))
    return tuple(found)


def is_request_only(move: Move, audit: Audit, ties: Collection[str]) -> bool:
    """Whether this person only asks for the move: two people are needed, and the second agrees."""
    if not move.asked_by:
        return False
    agrees = audit.withdrawal_asked_by is not None and any(tie in move.by for tie in ties)
    return not agrees and any(tie in move.asked_by for tie in ties)
