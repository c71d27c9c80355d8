"""What a request brings besides its body: who asks, which version they saw, which key they use."""

import hashlib
import re
from collections.abc import Callable

from flask import Response, current_app, g, request

from web.api.shown import audit_text
from web.reading import sent
from web.signed_in import the_council, the_desk
from workflow.commands.desk import Desk
from workflow.commands.once import at_most_once
from workflow.errors import BadInput, SeenNeeded
from workflow.people import Person
from workflow.ports import Once
from workflow.record import Audit

KEY_LENGTH = 200


def asker() -> Person:
    person: Person = g.asker
    return person


def seen_version() -> int:
    """The audit’s version in If-Match, as in its ETag; raises SeenNeeded."""
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', request.headers.get("If-Match", "").strip())
    if match is None:
        raise SeenNeeded
    return int(match.group(1))


def audit_answer(run: Callable[[Desk], Audit], status: int = 200) -> Response:
    """Carry out a command on an audit and answer with the audit; with an Idempotency-Key, once and with one answer."""
    desk, who = the_desk(), asker()
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > KEY_LENGTH or not key.isprintable():
        raise BadInput.about("Idempotency-Key", f"An Idempotency-Key has at most {KEY_LENGTH} printable characters.")
    if key:
        once = Once(who.id, key, _digest(), lambda audit: audit_text(desk, who, audit))
        text = at_most_once(the_council().desk(once=once), once, run)
    else:
        text = audit_text(desk, who, run(desk))
    sent(current_app.json.loads(text))
    return audit_response(text, status)


def audit_response(text: str, status: int = 200) -> Response:
    """Of what is noted to be read."""
    response = Response(text, status, content_type="application/json")
    shown = current_app.json.loads(text)
    response.headers["ETag"] = f'"{shown["version"]}"'
    if status == 201:
        response.headers["Location"] = f"/api/v1/audits/{shown['reference']}"
    return response


def _digest() -> str:
    asked = b"\0".join((request.method.encode(), request.path.encode(), request.get_data()))
    return hashlib.sha256(asked).hexdigest()
