"""The headers of a request to the JSON interface, and the audit as its answer."""

import re
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from web.api.serialisers import serialise_after_command, to_json
from web.request.context import command_context, identified_person
from web.request.idempotency import run_request_once
from web.request.read_log import log_json_sent
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.directory import Person
from workflow.errors import IfMatchRequired
from workflow.models import Audit


def read_if_match() -> int:
    """The audit’s version in If-Match, as in its ETag; raises IfMatchRequired."""
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', request.headers.get("If-Match", "").strip())
    if match is None:
        raise IfMatchRequired
    return int(match.group(1))


def answer_with_audit(run: Callable[[CommandContext], Audit], status: int = 200) -> Response:
    """Carry out a command on an audit and answer with the audit; with an Idempotency-Key, once and with one answer."""
    context, who = command_context(), identified_person()
    key = request.headers.get("Idempotency-Key", "").strip()
    if key:
        text = _run_once(context, who, key, run)
        shown = current_app.json.loads(text)
    else:
        shown = serialise_after_command(context, who, run(context))
        text = to_json(shown)
    log_json_sent(shown)
    return make_audit_response(shown, text, status)


def _run_once(context: CommandContext, who: Person, key: str, run: Callable[[CommandContext], Audit]) -> str:
    rendered: list[str] = []

    def render(audit: Audit) -> str:
        rendered.append(to_json(serialise_after_command(context, who, audit)))
        return rendered[-1]

    text = run_request_once(who, key, request.get_data(), render, run)
    return text if text in rendered else _repeated_answer(context, who, text)


def _repeated_answer(context: CommandContext, who: Person, answered: str) -> str:
    """Return the stored answer or, where the person has since lost a right to part of it, what they may see now.

    Raise NotFound where they may no longer know of the audit.
    """
    stored = current_app.json.loads(answered)
    audit, _ = get_visible_audit(context, who, stored["reference"])
    now = serialise_after_command(context, who, audit)
    return answered if _covers(now, stored) else to_json(now)


def _covers(now: dict[str, Any], stored: dict[str, Any]) -> bool:
    visible, answered = ({action["id"] for action in shown["actions"]} for shown in (now, stored))
    return answered <= visible and all(stored[part].keys() <= now[part].keys() for part in ("sections", "escalation"))


def make_audit_response(shown: dict[str, Any], text: str, status: int = 200) -> Response:
    """`text` is `shown` as JSON, which must have been logged as read."""
    response = Response(text, status, content_type="application/json")
    response.headers["ETag"] = f'"{shown["version"]}"'
    if status == 201:
        response.headers["Location"] = f"/api/v1/audits/{shown['reference']}"
    return response
