"""Health: the database answers, the worker sends emails and reminders, they are accepted, bank holidays are known far enough ahead. No token, no details."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Response, jsonify

from notifications.queries import oldest_unsent, worker_status
from notifications.refusals import refused_since
from web.request.context import current_council
from web.request.view_options import ViewOptions
from workflow.storage.engine import DatabaseError
from workflow.working_days import KNOWN_UNTIL, date_past_known_holidays, london_day


@ViewOptions(is_probe=True)
def health() -> Response:
    """503 where the database does not answer, for five minutes no worker has sent emails or reminders, or for fifteen all email was refused."""
    now, council = datetime.now(UTC), current_council()
    try:
        runs, unsent = worker_status(council.engine, now), oldest_unsent(council.engine, now)
        refused_at = refused_since(council.engine, now)
    except DatabaseError:
        return _response(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "down", "database": False})
    is_well = runs.stopped_since(now) is None and refused_at is None
    furthest = date_past_known_holidays(london_day(now), runs.last_due_on, council.notification_policy.clocks.longest_working_days)
    facts = {
        "status": "ok" if is_well else "red",
        "database": True,
        "worker_tick": _iso(runs.sent_at),
        "reminders_tick": _iso(runs.reminded_at),
        "email_refused_since": _iso(refused_at),
        "oldest_unsent_seconds": int((now - unsent).total_seconds()) if unsent else 0,
        # Never red: there is time to update the library of bank holidays.
        "bank_holidays_known_until": KNOWN_UNTIL.isoformat(),
        "bank_holidays_suffice": furthest is None,
    }
    return _response(HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE, facts)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _response(status: HTTPStatus, facts: Mapping[str, object]) -> Response:
    response = jsonify(facts)
    response.status_code = int(status)
    return response
