"""Is it well: the database answers, the worker ticks, the mail goes. No token, no details."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from flask import Response, jsonify

from notifications.queries import last_tick, oldest_unsent
from web.signed_in import the_council
from workflow.storage.engine import DatabaseError

LATE = timedelta(minutes=5)


def health() -> Response:
    """503 where the database does not answer or no worker has ticked for five minutes."""
    now = datetime.now(UTC)
    try:
        tick, unsent = last_tick(the_council().engine), oldest_unsent(the_council().engine)
    except DatabaseError:
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, {"status": "down", "database": False})
    is_ticking = tick is not None and now - tick <= LATE
    waited = int((now - unsent).total_seconds()) if unsent else 0
    facts = {
        "status": "ok" if is_ticking else "red",
        "database": True,
        "worker_tick": tick.isoformat() if tick else None,
        "oldest_unsent_seconds": waited,
    }
    return _answer(HTTPStatus.OK if is_ticking else HTTPStatus.SERVICE_UNAVAILABLE, facts)


def _answer(status: HTTPStatus, facts: Mapping[str, object]) -> Response:
    response = jsonify(facts)
    response.status_code = int(status)
    return response
