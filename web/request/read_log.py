"""The only way of pages and JSON to case text: the read log is written first, and only then is the text returned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from web.request.context import command_context, current_interface, identified_person
from workflow.commands.audit_view import AuditView, ReadLocation, Viewable, log_and_read_history, make_log_entry
from workflow.errors import EditConflict
from workflow.history import Row
from workflow.ports import ReadLogEntry


@dataclass(frozen=True, slots=True)
class CaseText:
    """The text of an audit at a version."""

    reference: str
    edition: int
    version: int


def reveal_and_log(seen: AuditView, beside: Callable[[AuditView], Sequence[ReadLogEntry]] = lambda _: ()) -> AuditView:
    """Return the view with its case text; raise ReadLogUnavailable."""
    return seen.reveal(command_context(), _location(), beside)


def read_log_entry(shown: Viewable) -> ReadLogEntry:
    """An entry for something shown to the current user beside an audit, to be written with that audit’s entry."""
    return make_log_entry(command_context(), identified_person(), shown, _location())


def reveal_history(seen: AuditView) -> tuple[tuple[Row, str | None], ...]:
    return log_and_read_history(command_context(), seen, _location())


def both_texts(refusal: EditConflict) -> dict[str, Any]:
    """The response to a stale save: both texts; raise ReadLogUnavailable."""
    if refusal.theirs is not None:
        command_context().store.log_readings([read_log_entry(CaseText(refusal.reference, refusal.edition, refusal.version or 0))])
    return {"yours": refusal.yours, "theirs": refusal.theirs, "version": refusal.version}


def log_json_sent(audit: dict[str, Any]) -> None:
    """Log that the JSON of an audit is about to be sent, unless nothing is written in it yet; raise ReadLogUnavailable."""
    is_written = any(answer is not None for section in audit["sections"].values() for answer in section.values())
    if is_written or audit["actions"] or audit["escalation"].get("recipients"):
        log_text_sent(CaseText(audit["reference"], audit["edition"], audit["version"]))


def log_text_sent(shown: Viewable) -> None:
    """Log that some of this audit’s text is about to be sent; raise ReadLogUnavailable."""
    command_context().store.log_readings([read_log_entry(shown)])


def _location() -> ReadLocation:
    named = request.view_args or {}
    part = named.get("section") or named.get("number") or named.get("action_id", "").rpartition("-")[2]
    return ReadLocation(current_interface(), f"{request.endpoint}/{part}".rstrip("/"))
