"""What may be said of a request, and nothing else: its id, its route’s name, how it ended, and the audit that it was about."""

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from workflow.models import Audit
from workflow.ports import Change
from workflow.storage.store import SqlStore

SAFE_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
NO_ROUTE = "none"


@dataclass(slots=True)
class RequestLogContext:
    """One request while it is answered. `named` are the words of its address: never said, only compared."""

    request_id: str
    method: str
    endpoint: str = NO_ROUTE
    is_probe: bool = False
    named: tuple[str, ...] = ()
    reference: str = ""
    refusal: str = ""
    moves: tuple[str, ...] = ()
    status: int = 0
    duration_ms: float = 0.0
    traceparent: str = ""
    statements: list[tuple[str, int, int]] = field(default_factory=list)
    """Verb, begin and end, where they are traced."""


LOG_CONTEXT: ContextVar[RequestLogContext | None] = ContextVar("asked", default=None)


def log_context_of(environ: Mapping[str, Any], *, is_behind_a_proxy: bool) -> RequestLogContext:
    """Only a proxy’s id is taken, for whoever calls could write a child’s name there; and only a method that there is."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if is_behind_a_proxy else ""
    method = environ.get("REQUEST_METHOD", "")
    traceparent = environ.get("HTTP_TRACEPARENT", "") if is_behind_a_proxy else ""
    request_id = given if SAFE_ID.fullmatch(given) else secrets.token_hex(8)
    return RequestLogContext(request_id, method if method in METHODS else "other", traceparent=traceparent)


def record_refusal(kind: str) -> None:
    if asked := LOG_CONTEXT.get():
        asked.refusal = kind


class LoggingStore(SqlStore):
    """The store of the pages and of the JSON: what is read and saved through it is what a request was about."""

    def audit(self, reference: str) -> Audit | None:
        """Said only of an audit that there is: a reference in an address may be anything that somebody typed."""
        audit, asked = super().audit(reference), LOG_CONTEXT.get()
        if audit and asked and any(one.startswith(reference) for one in asked.named):
            asked.reference = reference
        return audit

    def save(self, change: Change) -> None:
        super().save(change)
        if asked := LOG_CONTEXT.get():
            asked.reference = change.after.reference
            asked.moves += tuple(row.happening.move for row in change.rows)
