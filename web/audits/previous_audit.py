"""The child's previous audit, and whether the auditor's answers about it agree with what the service holds."""

from dataclasses import dataclass
from datetime import date

from web.audits.queries import Before, PreviousAudit, find_last_date, find_previous_audit
from web.formatting import day
from web.identity.current_user import current_user, visibility_filter
from web.request.context import command_context, current_council
from web.request.read_log import read_log_entry, reveal_and_log
from workflow.audit import header_of
from workflow.child_ids import child_key
from workflow.commands.audit_view import AuditView
from workflow.models import Audit
from workflow.ports import ReadLogEntry
from workflow.storage.engine import read_transaction
from workflow.working_days import is_within_window


@dataclass(frozen=True, slots=True)
class LookBack:
    """`last` is None unless this person may read it; `mismatch` is a sentence if the auditor's answer differs, otherwise empty.

    `told_on` is the date of an audit that the auditor may not read: nothing else of it is shown.
    """

    last: PreviousAudit | None = None
    mismatch: str = ""
    told_on: date | None = None


def reveal_with_previous(seen: AuditView) -> tuple[AuditView, LookBack]:
    """Return the audit with its text and the previous audit beside it. Both readings are logged in one commit."""
    found = LookBack()

    def beside(whole: AuditView) -> list[ReadLogEntry]:
        nonlocal found
        found = _find_previous(whole)
        return [read_log_entry(found.last)] if found.last else []

    return reveal_and_log(seen, beside), found


def find_told_date(audit: Audit) -> date | None:
    """Return when this child was last audited, if that is within the look-back.

    Only the auditor of a new audit learns it, even one who may not read that audit.
    """
    before = _before(audit)
    if before is None or audit.auditor_id != current_user().id or not audit.is_before_sharing:
        return None
    with read_transaction(current_council().engine) as connection:
        found = find_last_date(connection, before)
    return found if found and is_within_window(found, before.audited_on) else None


def _before(audit: Audit) -> Before | None:
    key, audited_on = child_key(header_of(audit).child_id), header_of(audit).audit_on
    return Before(audit.reference, key, audited_on or command_context().today) if key else None


def _find_previous(seen: AuditView) -> LookBack:
    before, details = _before(seen.audit), seen.sections.get("details", {})
    if before is None:
        return LookBack()
    # Of the rights that an audit's own row decides, this one also hides the overall grade from a moderator.
    may_read = visibility_filter().permitted("read_listed_escalation")
    with read_transaction(current_council().engine) as connection:
        last = find_previous_audit(connection, before, may_read)
    told_on = find_told_date(seen.audit)
    known_on = max((day_ for day_ in (last and last.audited_on, told_on) if day_), default=None)
    mismatch = _describe_mismatch(known_on, before.audited_on, details.get("audited_previously"), details.get("previous_audit_on"))
    return LookBack(last, mismatch, None if last and last.audited_on == told_on else told_on)


def _describe_mismatch(known_on: date | None, on: date, answered: object, answered_on: object) -> str:
    """Compare only with audits in the service: an older one may be on paper."""
    if known_on is None or not is_within_window(known_on, on):
        return ""
    if answered is False:
        return f"The answer to “Audited previously?” is No, but this service has an audit dated {day(known_on)}."
    if answered is True and answered_on != known_on.isoformat():
        return f"The date given for the previous audit is not the one in this service, {day(known_on)}."
    return ""
