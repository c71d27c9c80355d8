"""What each move changes in an action, besides its state: the table says where a move leads."""

from dataclasses import replace
from datetime import date

from workflow.models import Audit, SmartAction


def added(audit: Audit, action: SmartAction) -> Audit:
    return replace(audit, actions=(*audit.actions, action))


def newest_number(audit: Audit) -> int:
    return max((action.number for action in audit.actions), default=0)


def next_number(audit: Audit) -> int:
    return newest_number(audit) + 1


def with_action(audit: Audit, changed: SmartAction) -> Audit:
    return replace(audit, actions=tuple(changed if action.number == changed.number else action for action in audit.actions))


def removed(audit: Audit, number: int) -> Audit:
    return replace(audit, actions=tuple(action for action in audit.actions if action.number != number))


def goes_live(action: SmartAction, today: date) -> SmartAction:
    """`remind_on` is since when the worker looks at it: from now, or from the day it was due where that is past."""
    return action if action.is_live else replace(action, is_live=True, remind_on=min(today, action.due_on))


def reported(action: SmartAction, by_id: int, completed_on: date) -> SmartAction:
    return replace(action, reported_by=by_id, completed_on=completed_on, remind_on=None)


def verified(action: SmartAction, by_id: int, today: date) -> SmartAction:
    return replace(action, verified_by=by_id, verified_on=today)


def returned(action: SmartAction, reason: str, today: date) -> SmartAction:
    """Reminders start again, from the day it was due where that is past."""
    return replace(action, reported_by=None, completed_on=None, note=reason, remind_on=min(today, action.due_on))


def cancelled(action: SmartAction, reason: str) -> SmartAction:
    return replace(action, note=reason, remind_on=None)


def more_time_asked(action: SmartAction, by_id: int, due_on: date, reason: str) -> SmartAction:
    return replace(action, asked_by=by_id, asked_due_on=due_on, asked_reason=reason)


def more_time_granted(action: SmartAction, today: date) -> SmartAction:
    """Every earlier due date stays visible."""
    assert action.asked_due_on is not None
    earlier = (*action.earlier_due_dates, action.due_on)
    return replace(_unasked(action), due_on=action.asked_due_on, earlier_due_dates=earlier, remind_on=today)


def more_time_refused(action: SmartAction, reason: str) -> SmartAction:
    return replace(_unasked(action), note=reason)


def _unasked(action: SmartAction) -> SmartAction:
    return replace(action, asked_by=None, asked_due_on=None, asked_reason="")


def is_overdue(action: SmartAction, today: date) -> bool:
    """From the day after it is due, while its completion is not reported."""
    return action.state == "open" and action.is_live and action.due_on < today
