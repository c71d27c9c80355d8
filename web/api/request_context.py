"""The headers of a request to the JSON interface, and the audit as its answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request

from web.api.serialisers import serialise_action_after_command, serialise_after_command, serialise_escalation_after_command, to_json
from web.request.context import command_context, identified_person
from web.request.idempotency import run_request_once
from web.request.read_log import log_json_sent, log_text_sent
from workflow.blindness import is_blind
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.directory import Person
from workflow.errors import IfMatchRequired, NotFound
from workflow.models import Audit
from workflow.smart_action import newest_number

Shown = dict[str, Any]
Command = Callable[[CommandContext], object]
"""Returns the audit, or anything else: it is read again then, unless the commit has rendered it."""
JSON = "application/json"
EMPTY_WHERE_HIDDEN = ("state", "overall_grade", "judgements")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command is answered. `serialise` is also given what was answered the first time, or {}."""

    serialise: Callable[[CommandContext, Person, Audit, Shown], Shown]
    reference: str = ""
    """Where the answer does not say it."""


def read_if_match() -> int:
    """The audit’s version in If-Match, as in its ETag; raises IfMatchRequired."""
    match = re.fullmatch(r'(?:W/)?"(\d{1,9})"', request.headers.get("If-Match", "").strip())
    if match is None:
        raise IfMatchRequired
    return int(match.group(1))


def answer_with_audit(run: Command, status: int = 200) -> Response:
    """Carry out a command on an audit and answer with the audit; with an Idempotency-Key, once and with one answer."""
    shown, text, audit = _run(run, Answer(lambda context, who, audit, _: serialise_after_command(context, who, audit)))
    log_json_sent(shown | {"version": audit.version} if is_blind(identified_person(), audit) else shown)
    return make_audit_response(shown, text, status)


def answer_with_action(run: Command, reference: str, number: int | None = None, status: int = 200) -> Response:
    """As `answer_with_audit`; `number` is None for a new action."""

    def serialise(context: CommandContext, who: Person, audit: Audit, answered: Shown) -> Shown:
        wanted = split_action_id(answered["id"])[1] if answered else number or newest_number(audit)
        return serialise_action_after_command(context, who, audit, wanted)

    _, text, audit = _run(run, Answer(serialise, reference))
    log_text_sent(audit)
    return Response(text, status, content_type=JSON)


def answer_with_escalation(run: Command, reference: str) -> Response:
    """As `answer_with_audit`."""
    shown, text, audit = _run(
        run, Answer(lambda context, who, audit, _: serialise_escalation_after_command(context, who, audit), reference)
    )
    if shown.get("recipients"):
        log_text_sent(audit)
    return Response(text, content_type=JSON)


def answer_with_nothing(run: Command, reference: str) -> Response:
    """As `answer_with_audit`."""
    _run(run, Answer(lambda *_: {}, reference))
    return Response(status=204)


def _run(run: Command, answer: Answer) -> tuple[Shown, str, Audit]:
    """What is shown, as JSON too, and the audit that it is of."""
    context, who = command_context(), identified_person()
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        done = run(context)
        audit = done if isinstance(done, Audit) else get_visible_audit(context, who, answer.reference)[0]
        shown = answer.serialise(context, who, audit, {})
        return shown, to_json(shown), audit
    rendered: list[tuple[str, Audit]] = []

    def render(audit: Audit) -> str:
        rendered.append((to_json(answer.serialise(context, who, audit, {})), audit))
        return rendered[-1][0]

    text = run_request_once(who, key, request.get_data(), render, run)
    first = next((audit for made, audit in rendered if made == text), None)
    if first is None:
        text, first = _repeated_answer(context, who, answer, text)
    shown = current_app.json.loads(text)
    return shown, text, first


def _repeated_answer(context: CommandContext, who: Person, answer: Answer, answered: str) -> tuple[str, Audit]:
    """Return the stored answer or, where the person has since lost a right to part of it, what they may see now.

    Raise NotFound where they may no longer know of the audit or the action.
    """
    stored = current_app.json.loads(answered)
    audit, _ = get_visible_audit(context, who, answer.reference or stored["reference"])
    now = answer.serialise(context, who, audit, stored)
    return (answered if _covers(now, stored) and not is_blind(who, audit) else to_json(now)), audit


def _covers(now: Shown, stored: Shown) -> bool:
    visible, answered = ({action["id"] for action in shown.get("actions", ())} for shown in (now, stored))
    parts = (stored, now), *((stored.get(part, {}), now.get(part, {})) for part in ("sections", "escalation"))
    hidden = any(before.get(name) and not after.get(name) for before, after in parts for name in EMPTY_WHERE_HIDDEN)
    return answered <= visible and not hidden and all(before.keys() <= after.keys() for before, after in parts)


def split_action_id(action_id: str) -> tuple[str, int]:
    """Return the audit’s reference and the action’s number. Raise NotFound for a malformed ID."""
    reference, _, number = action_id.rpartition("-")
    if not reference or not (number.isascii() and number.isdigit()) or len(number) > 6:
        raise NotFound
    return reference, int(number)


def make_audit_response(shown: Shown, text: str, status: int = 200) -> Response:
    """`text` is `shown` as JSON, which must have been logged as read."""
    response = Response(text, status, content_type=JSON)
    response.headers["ETag"] = f'"{shown["version"]}"'
    if status == 201:
        response.headers["Location"] = f"/api/v1/audits/{shown['reference']}"
    return response
