"""Posts of escalations that change hands by time: a delegation begins or ends, and nobody does anything then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from notifications import queries
from notifications.context import WorkerContext
from notifications.reminders.queries import turns_of, unresolved_escalations
from workflow.directory import Directory
from workflow.events import Notice
from workflow.posts import answering_now, changes_hands, new_holder_notices

LOOK_BACK = timedelta(days=35)
"""Longer than a worker may be stopped; the person who answers for a post is reminded every day besides."""
BEFORE = timedelta(microseconds=1)
TURN = "post_turn"


def tell_of_turns(context: WorkerContext, now: datetime, directory: Directory) -> None:
    """Tell each new holder once. Where a command ended the delegation it has told them, with the same keys."""
    for at in turns_of(context.engine, directory.posts, now - LOOK_BACK, now):
        slot = at.isoformat()
        if not queries.is_claimed(context.engine, TURN, slot):
            queries.enqueue(context.engine, _notices(context, at, directory), now)
            queries.claim_slot(context.engine, TURN, slot, now)


def _notices(context: WorkerContext, at: datetime, directory: Directory) -> Sequence[Notice]:
    before, after = context.store.directory(at - BEFORE), context.store.directory(at)
    found: list[Notice] = []
    for one in unresolved_escalations(context.engine):
        audit = context.store.audit(one.reference) if changes_hands(one.team, one.child_id, before, after) else None
        # An escalation that was opened later named who held the posts then.
        if audit and audit.escalation and audit.escalation.opened_at <= at:
            told = new_holder_notices(audit, before, after, at, context.notification_rules)
            found += answering_now(told, audit, directory)
    return found
