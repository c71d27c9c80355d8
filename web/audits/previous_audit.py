"""The child's previous audit, and whether the auditor's answers about it agree with what the service holds."""

from dataclasses import dataclass
from datetime import date

from web.audits.queries import PreviousAudit, find_previous_audit
from web.formatting import day
from web.identity.current_user import visibility_filter
from web.request.context import command_context, current_council
from web.request.read_log import read_log_entry, reveal_and_log
from workflow.commands.audit_view import AuditView
from workflow.ports import ReadLogEntry
from workflow.storage.engine import read_transaction
from workflow.working_days import is_within_window


@dataclass(frozen=True, slots=True)
class LookBack:
    """`last` is None unless this person may read it; `mismatch` is a sentence if the auditor's answer differs, otherwise empty."""

    last: PreviousAudit | None
    mismatch: str


def reveal_with_previous(seen: AuditView) -> tuple[AuditView, LookBack]:
    """Return the audit with its text and the previous audit beside it. Both readings are logged in one commit."""
    found = LookBack(None, "")

    def beside(whole: AuditView) -> list[ReadLogEntry]:
        nonlocal found
        found = _find_previous(whole)
        return [read_log_entry(found.last)] if found.last else []

    return reveal_and_log(seen, beside), found


def _find_previous(seen: AuditView) -> LookBack:
    details = seen.sections.get("details", {})
    child_id, audited_on = details.get("child_id"), details.get("audit_date")
    if not isinstance(child_id, str):
        return LookBack(None, "")
    context = command_context()
    # Of the rights that an audit's own row decides, this one also hides the overall grade from a moderator.
    may_read = visibility_filter().permitted("read_listed_escalation")
    with read_transaction(current_council().engine) as connection:
        last = find_previous_audit(connection, child_id, seen.audit.reference, may_read)
    on = date.fromisoformat(audited_on) if isinstance(audited_on, str) else context.today
    return LookBack(last, _describe_mismatch(last, on, details.get("audited_previously"), details.get("previous_audit_on")))


def _describe_mismatch(last: PreviousAudit | None, on: date, answered: object, answered_on: object) -> str:
    """Compare only with audits in the service: an older one may be on paper."""
    if last is None or not is_within_window(last.audited_on, on):
        return ""
    if answered is False:
        return f"The answer to “Audited previously?” is No, but this service has an audit dated {day(last.audited_on)}."
    if answered is True and answered_on != last.audited_on.isoformat():
        return f"The date given for the previous audit is not the one in this service, {day(last.audited_on)}."
    return ""
