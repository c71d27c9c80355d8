"""What a request knows of the browser session that it came in. `web.identity.sessions` stores it."""

import secrets
from datetime import datetime, timedelta

from flask.sessions import SecureCookieSession

from workflow.storage.engine import DatabaseError

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
USE_RECORDED_EVERY = timedelta(minutes=1)
PREFIX = "in."
CSRF_TOKEN, OF_WRITER = "csrf_token", "."


def has_ended(seen_at: datetime, created_at: datetime, now: datetime) -> bool:
    return now - seen_at > IDLE or now - created_at > LONGEST


def writer_named_by(token: object) -> int | None:
    """The person in whose session a form was opened. None for a visitor’s, and for one from before tokens named anybody."""
    writer, _, rest = str(token).partition(OF_WRITER)
    return int(writer) if rest and writer.isdecimal() else None


class BrowserSession(SecureCookieSession):
    """Once signed in, `token` is known only to the browser; the database holds its SHA-256.

    `ended_for` is the person whose session it was until recently: it signs nobody in, but what they send is stored for them.
    `has_unsaved` is whether the person has typed something that waits to be put back.
    `load_error` is why the session could not be read: nobody is signed in for this request, and the browser keeps its cookie.
    """

    token = ""
    person_id: int | None = None
    ended_for: int | None = None
    created_at: datetime | None = None
    seen_at: datetime | None = None
    has_unsaved = False
    load_error: DatabaseError | None = None

    def ends_at(self, now: datetime) -> datetime | None:
        """When it ends if nothing more is done than what is being done now."""
        if self.person_id is None:
            return None
        used_at = self.seen_at if self.seen_at and now - self.seen_at <= USE_RECORDED_EVERY else now
        return min(used_at + IDLE, (self.created_at or now) + LONGEST)

    def needs_saving(self, now: datetime) -> bool:
        """Its use is recorded once a minute, its content at once."""
        return self.modified or self.seen_at is None or now - self.seen_at > USE_RECORDED_EVERY

    def start_for(self, person_id: int) -> None:
        """Start a new session under a new token: nothing of the visitor’s session survives signing in.

        The token of its forms names the person, so that what they post is theirs even after the session.
        """
        self.clear()
        self[CSRF_TOKEN] = f"{person_id}{OF_WRITER}{secrets.token_urlsafe(32)}"
        self._renew_token(person_id)

    def store_in_database(self) -> None:
        """Store a visitor’s session in the database: the browser must not hold the state of a half-finished sign-in."""
        self._renew_token(None)

    def reset(self) -> None:
        self.clear()
        self.token, self.person_id = "", None

    def _renew_token(self, person_id: int | None) -> None:
        self.token, self.person_id, self.created_at, self.seen_at = PREFIX + secrets.token_urlsafe(32), person_id, None, None
