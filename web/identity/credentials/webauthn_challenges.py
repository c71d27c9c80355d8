"""A challenge to a passkey, stored in the session until it is answered, once and within five minutes."""

from datetime import UTC, datetime, timedelta

from web.request.context import current_session
from workflow.errors import BadInput

CHALLENGE, LASTS = "challenge", timedelta(minutes=5)


def store_challenge(challenge: str) -> None:
    """Store it in the database: from a cookie it could be answered twice."""
    session = current_session()
    if not session.token:
        session.store_in_database()
    session[CHALLENGE] = {"value": challenge, "at": datetime.now(UTC).isoformat()}


def take_challenge() -> str:
    """Raise BadInput where there is no recent challenge."""
    stored = current_session().pop(CHALLENGE, None)
    if stored is None or datetime.now(UTC) - datetime.fromisoformat(stored["at"]) > LASTS:
        raise BadInput.about("credential", "That took too long. Try again.")
    value: str = stored["value"]
    return value
