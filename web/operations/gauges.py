"""The state of the service as gauges: emails, worker ticks and escalations, as counts and ages."""

import math
from datetime import datetime

from notifications.queries import oldest_unsent, worker_status
from web.council import Council
from web.operations import queries
from web.operations.metrics import GaugeValues
from workflow.storage.engine import DatabaseError
from workflow.storage.row_mapping import recipients_of
from workflow.working_days import add_working_days, london_day


def gauge_values(council: Council, now: datetime) -> GaugeValues:
    try:
        return {"database_up": 1, **_emails(council, now), **_ticks(council, now), **_escalations(council, now)}
    except DatabaseError:
        return {"database_up": 0}


def _emails(council: Council, now: datetime) -> dict[str, float]:
    waiting, dead, due = queries.count_emails(council.engine)
    return {
        "outbox_waiting": waiting, "outbox_dead": dead, "outbox_oldest_due_seconds": _age(due, now, never=0),
        "outbox_oldest_unsent_seconds": _age(oldest_unsent(council.engine, now), now, never=0),
    }  # fmt: skip


def _ticks(council: Council, now: datetime) -> GaugeValues:
    runs = worker_status(council.engine, now)
    return {"tick_age_seconds": {"mail": _age(runs.sent_at, now, never=math.inf), "reminders": _age(runs.reminded_at, now, never=math.inf)}}


def _escalations(council: Council, now: datetime) -> GaugeValues:
    by_state, opened = queries.unresolved_escalations(council.engine)
    days, today = council.notification_policy.clocks["escalation_acknowledged_working_days"], london_day(now)
    late = [one for one in opened if today > add_working_days(london_day(one.opened_at), days)]
    overdue = sum(recipient.acknowledged_at is None for one in late for recipient in recipients_of(one.recipients))
    return {
        "escalations": {state: by_state.get(state, 0) for state in ("open", "acknowledged")},
        "acknowledgements_overdue": overdue,
    }


def _age(at: datetime | None, now: datetime, never: float) -> float:
    """Return seconds since `at`, 0 where it is in the future."""
    return never if at is None else max((now - at).total_seconds(), 0)
