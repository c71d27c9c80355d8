"""What a log line may hold about a request: its ID, its route’s name, how it ended, and the audit that it was about."""

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
    """One request while it is handled. `address_values` are compared and never logged: anybody may type anything into an address."""

    request_id: str
    method: str
    endpoint: str = NO_ROUTE
    is_probe: bool = False
    address_values: tuple[str, ...] = ()
    reference: str = ""
    refusal: str = ""
    account: int | None = None
    """The person whose account somebody signs in to or out of, or tries to: by their number, for an address may be anything."""
    moves: tuple[str, ...] = ()
    status: int = 0
    duration_ms: float = 0.0
    traceparent: str = ""
    statements: list[tuple[str, int, int]] = field(default_factory=list)
    """Verb, start and end in nanoseconds, where requests are traced."""


LOG_CONTEXT: ContextVar[RequestLogContext | None] = ContextVar("log_context", default=None)


def log_context_of(environ: Mapping[str, Any], *, is_behind_a_proxy: bool) -> RequestLogContext:
    """Take the request ID from a proxy only, because any other caller could write a child’s name there; and only a known method."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if is_behind_a_proxy else ""
    method = environ.get("REQUEST_METHOD", "")
    traceparent = environ.get("HTTP_TRACEPARENT", "") if is_behind_a_proxy else ""
    request_id = given if SAFE_ID.fullmatch(given) else secrets.token_hex(8)
    return RequestLogContext(request_id, method if method in METHODS else "other", traceparent=traceparent)


def record_account(person_id: int | None) -> None:
    if person_id is not None and (context := LOG_CONTEXT.get()):
        context.account = person_id


def record_refusal(code: str) -> None:
    if context := LOG_CONTEXT.get():
        context.refusal = code


class LoggingStore(SqlStore):
    """The store of the web process: the audit that is read or saved through it is what the request was about."""

    def audit(self, reference: str) -> Audit | None:
        """Log a reference only where the audit exists: a reference in an address may be anything that somebody typed."""
        audit, context = super().audit(reference), LOG_CONTEXT.get()
        if audit and context and any(value.startswith(reference) for value in context.address_values):
            context.reference = reference
        return audit

    def save(self, change: Change) -> None:
        super().save(change)
        if context := LOG_CONTEXT.get():
            context.reference = change.after.reference
            context.moves += tuple(row.entry.move for row in change.rows)
