"""A sentence on the next page that says what was done. It travels in a signed cookie, which saves a second commit after each move.

Our own sentences, never case text; shown only to the person who did it, and only within two minutes.
"""

from datetime import timedelta

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from web.request.browser_session import BrowserSession
from web.request.context import current_session, database_is_unavailable

LASTS = timedelta(minutes=2)


def flash(message: str) -> None:
    g.flash_messages = [*g.get("flash_messages", ()), message]


def pop_flash_messages() -> list[str]:
    """Return each message once: the next page does not show it again."""
    g.flash_messages_shown = True
    messages: list[str] = [*_from_cookie(), *g.pop("flash_messages", ())]
    return messages


def init_flash_messages(app: Flask) -> None:
    app.config["FLASH_COOKIE_NAME"] = app.config["SESSION_COOKIE_NAME"].replace("session", "said")
    app.after_request(_set_cookie)


def _set_cookie(response: Response) -> Response:
    name, session = current_app.config["FLASH_COOKIE_NAME"], current_session()
    flags = {"secure": current_app.config["SESSION_COOKIE_SECURE"], "httponly": True, "samesite": "Lax"}
    if "flash_messages" in g:
        earlier = [] if "flash_messages_shown" in g else _from_cookie()
        response.set_cookie(name, _serializer().dumps([session.person_id, [*earlier, *g.flash_messages]]), **flags)
    elif name in request.cookies and ("flash_messages_shown" in g or _is_signed_out(session)):
        response.delete_cookie(name, **flags)
    return response


def _is_signed_out(session: BrowserSession) -> bool:
    return session.person_id is None and not database_is_unavailable() and session.load_error is None


def _from_cookie() -> list[str]:
    value = request.cookies.get(current_app.config["FLASH_COOKIE_NAME"], "")
    try:
        person_id, messages = _serializer().loads(value, max_age=LASTS.seconds)
    except BadSignature:
        return []
    return messages if person_id == current_session().person_id else []


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="what was done")
