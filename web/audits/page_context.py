"""What every page of an audit shows."""

from typing import Any

from web.formatting import role_title
from web.identity.current_user import current_user
from web.request.context import command_context, current_council
from web.request.read_log import reveal_and_log
from workflow.commands.audit_view import AuditView, see
from workflow.errors import Missing, PermissionDenied


def view_readable(reference: str) -> AuditView:
    """Return the view of an audit that this person may read, without its text. Raise NotFound or PermissionDenied."""
    seen = see(command_context(), current_user(), reference)
    if not seen.reads_audit:
        raise PermissionDenied("You can’t read this audit at the moment.")
    return seen


def reveal(reference: str) -> AuditView:
    """Return the view with its text, and log the reading. Raise ReadLogUnavailable."""
    return reveal_and_log(view_readable(reference))


def template_context(seen: AuditView) -> dict[str, Any]:
    context = command_context()
    return {"seen": seen, "audit": seen.audit, "form": context.form_of(seen.audit), "directory": context.directory, "today": context.today}


def list_questions(seen: AuditView) -> tuple[Missing, ...]:
    """Return the questions of the sense checks: all for a person who may write the audit, only those about grades for a reader."""
    asked = current_council().sense_checks.questions(command_context().form_of(seen.audit), seen.sections, command_context().directory)
    return asked if "write_audit" in seen.may else tuple(one for one in asked if one.field == "grade")


def name_next_person(seen: AuditView) -> str:
    """Return who must act next: a person if one is named, otherwise the role that owns the state (workflow.toml)."""
    context, audit = command_context(), seen.audit
    owners = context.rules.audit.states[audit.state].owner
    people = (context.directory.person(getattr(audit, f"{owner}_id")) for owner in owners if owner in {"auditor", "moderator"})
    named = next((person.name for person in people if person), "")
    if named or not owners:
        return named
    return role_title(owners[-1] if audit.was_escalated and seen.sees_escalation else owners[0])
