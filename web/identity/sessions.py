"""Signed-in sessions live in the database, so that signing out ends every copy of the cookie.

Before signing in there is nothing worth keeping there: a visitor's few values stay in Flask's own signed cookie.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from web.council import Council
from web.identity.queries import delete_session, insert_session, read_session, update_session
from web.identity.row_signatures import is_signed, sign_row
from web.request.browser_session import CSRF_TOKEN, PREFIX, BrowserSession, has_ended
from web.request.context import database_is_unavailable
from workflow.storage.engine import DatabaseError

STORED_FOR = timedelta(hours=24)


class DatabaseSessions(SecureCookieSessionInterface):
    session_class = BrowserSession

    def __init__(self, council: Council) -> None:
        self.council = council

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        value = request.cookies.get(self.get_cookie_name(app), "")
        if not value.startswith(PREFIX):
            return super().open_session(app, request)
        # Not `or`: an empty session is false, although somebody may be signed in.
        try:
            stored = self._load(value)
        except DatabaseError as error:
            stored = BrowserSession()
            stored.load_error = error
        return BrowserSession() if stored is None else stored

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if database_is_unavailable() or (isinstance(session, BrowserSession) and session.load_error):
            return
        if not isinstance(session, BrowserSession) or not session.token:
            super().save_session(app, session, response)
            return
        now = datetime.now(UTC)
        if session.seen_at is None:
            values = self._signed(session) | {"browser": _browser_description(), "created_at": now, "seen_at": now}
            insert_session(self.council.engine, values)
            self._send_cookie(app, session.token, response)
        elif session.needs_saving(now):
            update_session(self.council.engine, self._signed(session), now)

    def end(self, session: BrowserSession) -> None:
        """Every copy of the cookie stops working."""
        if session.token:
            delete_session(self.council.engine, token_digest(session.token))
        session.reset()

    def _load(self, token: str) -> BrowserSession | None:
        now = datetime.now(UTC)
        row = read_session(self.council.engine, token_digest(token))
        if row is None or not is_signed(self.council.settings, "sessions", row):
            return None
        if has_ended(row.seen_at, row.created_at, now):
            return _ended(row, now)
        session = BrowserSession(row.content)
        session.modified = False
        session.token, session.person_id, session.created_at, session.seen_at = token, row.person_id, row.created_at, row.seen_at
        session.has_unsaved = bool(row.has_unsaved)
        return session

    def _signed(self, session: BrowserSession) -> dict[str, Any]:
        values = {"digest": token_digest(session.token), "person_id": session.person_id, "content": dict(session)}
        return values | {"signature": sign_row(self.council.settings, "sessions", values)}

    def _send_cookie(self, app: Flask, token: str, response: Response) -> None:
        flags: dict[str, Any] = {
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": True,
            "samesite": "Lax",
        }
        response.set_cookie(self.get_cookie_name(app), token, **flags)
        response.vary.add("Cookie")


def _browser_description() -> str:
    """The browser’s User-Agent, by which its owner recognises it."""
    return "".join(letter for letter in request.user_agent.string if letter.isprintable())[:300]


def _ended(row: Any, now: datetime) -> BrowserSession:
    """A visitor’s session with the earlier CSRF token, so that a form opened before still shows whose session it came from."""
    session = BrowserSession({key: value for key, value in row.content.items() if key == CSRF_TOKEN})
    session.modified = False
    session.ended_for = row.person_id if now - row.seen_at <= STORED_FOR else None
    return session


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
