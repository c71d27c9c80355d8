"""What a request brings besides its body: who asks, which version they saw, which key they use."""

import re
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from web.api.serialisers import audit_text
from web.request.context import command_context, identified_person
from web.request.idempotency import run_request_once
from web.request.read_log import log_json_sent
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.directory import Person
from workflow.errors import IfMatchRequired
from workflow.models import Audit


def seen_version() -> int:
    """The audit’s version in If-Match, as in its ETag; raises IfMatchRequired."""
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', request.headers.get("If-Match", "").strip())
    if match is None:
        raise IfMatchRequired
    return int(match.group(1))


def audit_answer(run: Callable[[CommandContext], Audit], status: int = 200) -> Response:
    """Carry out a command on an audit and answer with the audit; with an Idempotency-Key, once and with one answer."""
    context, who = command_context(), identified_person()
    key = request.headers.get("Idempotency-Key", "").strip()
    text = _once(context, who, key, run) if key else audit_text(context, who, run(context))
    log_json_sent(current_app.json.loads(text))
    return audit_response(text, status)


def _once(context: CommandContext, who: Person, key: str, run: Callable[[CommandContext], Audit]) -> str:
    new: list[str] = []

    def answer(audit: Audit) -> str:
        new.append(audit_text(context, who, audit))
        return new[-1]

    text = run_request_once(who, key, request.get_data(), answer, run)
    return text if text in new else _as_seen_now(context, who, text)


def _as_seen_now(context: CommandContext, who: Person, answered: str) -> str:
    """The answer as it was kept, unless a right to what is in it has gone since: then what is theirs to see now.

    Raises NotFound where they may not know of the audit any more.
    """
    kept = current_app.json.loads(answered)
    audit, _ = get_visible_audit(context, who, kept["reference"])
    now = audit_text(context, who, audit)
    return answered if _covers(current_app.json.loads(now), kept) else now


def _covers(now: dict[str, Any], kept: dict[str, Any]) -> bool:
    seen, was = ({one["id"] for one in shown["actions"]} for shown in (now, kept))
    return was <= seen and all(kept[part].keys() <= now[part].keys() for part in ("sections", "escalation"))


def audit_response(text: str, status: int = 200) -> Response:
    """Of what is noted to be read."""
    response = Response(text, status, content_type="application/json")
    shown = current_app.json.loads(text)
    response.headers["ETag"] = f'"{shown["version"]}"'
    if status == 201:
        response.headers["Location"] = f"/api/v1/audits/{shown['reference']}"
    return response
