"""A challenge to a passkey, kept in the session until it is answered, once and soon."""

from datetime import UTC, datetime, timedelta

from web.request.context import current_session
from workflow.errors import BadInput

CHALLENGE, LASTS = "challenge", timedelta(minutes=5)


def store_challenge(challenge: str) -> None:
    """In the database: in a visitor’s own cookie it could be answered twice."""
    session = current_session()
    if not session.token:
        session.store_in_database()
    session[CHALLENGE] = {"value": challenge, "at": datetime.now(UTC).isoformat()}


def take_challenge() -> str:
    """Raises BadInput where none was asked for lately."""
    kept = current_session().pop(CHALLENGE, None)
    if kept is None or datetime.now(UTC) - datetime.fromisoformat(kept["at"]) > LASTS:
        raise BadInput.about("credential", "That took too long. Try again.")
    value: str = kept["value"]
    return value
