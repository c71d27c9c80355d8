"""What was done, said on the next page that is shown: kept in a signed cookie, so that saying it is not one more commit after the move’s.

Sentences of ours, never a word of a case; only for whoever did it, and only for two minutes.
"""

from datetime import timedelta

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.request.browser_session import BrowserSession
from web.request.context import current_session, database_is_unavailable

GOOD_FOR = timedelta(minutes=2)


def flash(words: str) -> None:
    g.said = [*g.get("said", ()), words]


def pop_flash_messages() -> list[str]:
    """Once: it is not said again on the page after this."""
    g.is_heard = True
    heard: list[str] = [*_carried(), *g.pop("said", ())]
    return heard


def init_flash_messages(app: Flask) -> None:
    app.config["SAID_COOKIE_NAME"] = app.config["SESSION_COOKIE_NAME"].replace("session", "said")
    app.after_request(_carry)


def _carry(response: Response) -> Response:
    name, session = current_app.config["SAID_COOKIE_NAME"], current_session()
    flags = {"secure": current_app.config["SESSION_COOKIE_SECURE"], "httponly": True, "samesite": "Lax"}
    if "said" in g:
        carried = [] if "is_heard" in g else _carried()
        response.set_cookie(name, _serializer().dumps([session.person_id, [*carried, *g.said]]), **flags)
    elif name in request.cookies and ("is_heard" in g or _is_nobodys(session)):
        response.delete_cookie(name, **flags)
    return response


def _is_nobodys(session: BrowserSession) -> bool:
    return session.person_id is None and not database_is_unavailable() and session.load_error is None


def _carried() -> list[str]:
    value = request.cookies.get(current_app.config["SAID_COOKIE_NAME"], "")
    try:
        person_id, said = _serializer().loads(value, max_age=GOOD_FOR.seconds)
    except BadSignature:
        return []
    return said if person_id == current_session().person_id else []


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="what was done")
