"""What somebody may see, as JSON: people by email, days as dates, instants in UTC."""

import json
from typing import Any

from web.api import response_schemas
from web.request.errors import missing_as_json
from workflow.commands.audit_view import AuditView, action_moves, view_without_logging
from workflow.commands.context import CommandContext
from workflow.directory import Directory, Person
from workflow.field_types import FIELD_TYPES
from workflow.forms import Form
from workflow.history import Row
from workflow.models import Answers, Audit, Escalation, SmartAction
from workflow.permissions import relations
from workflow.smart_action import is_overdue

AUDIT = response_schemas.Audit()


def shown_after_command(context: CommandContext, who: Person, audit: Audit) -> dict[str, Any]:
    """Return the audit as this person may see it after a command. The caller logs that it is read, before sending it."""
    ties = relations(who, audit, context.directory)
    return audit_shown(context, who, view_without_logging(context, who, audit, ties))


def to_json(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)


def audit_shown(context: CommandContext, who: Person, seen: AuditView) -> dict[str, Any]:
    audit, directory = seen.audit, context.directory
    form = context.form_of(audit)
    named = {"state": audit.state, "auditor": email(directory, audit.auditor_id), "moderator": email(directory, audit.moderator_id)}
    shown: dict[str, Any] = AUDIT.dump(
        {
            "reference": audit.reference,
            "version": audit.version,
            "edition": audit.edition,
            "form": f"{audit.form[0]}/{audit.form[1]}",
            **(named if seen.sees_names else dict.fromkeys(named)),
            "share_by": audit.share_by if seen.sees_names else None,
            "shared_at": audit.shared_at if seen.sees_names else None,
            "overall_grade": seen.overall_grade,
            "sections": {key: section_shown(form, directory, key, answers) for key, answers in seen.sections.items()},
            "actions": [action_facts(context, who, seen, action) for action in seen.actions],
            "escalation": escalation_facts(directory, seen),
            "may": seen.may,
        }
    )
    return shown


def section_shown(form: Form, directory: Directory, key: str, answers: Answers) -> dict[str, object]:
    return {field.key: FIELD_TYPES[field.kind].serialise(answers.get(field.key), directory) for field in form.section(key).fields}


def email(directory: Directory, person_id: int | None) -> str | None:
    person = directory.person(person_id)
    return person.email if person else None


def action_facts(context: CommandContext, who: Person, seen: AuditView, action: SmartAction) -> dict[str, Any]:
    names = ("section", "text", "due_on", "earlier_due_dates", "state", "completed_on", "progress", "evidence", "note", "asked_due_on")
    return {
        "id": f"{seen.audit.reference}-{action.number}",
        "owner": email(context.directory, action.owner_id),
        "is_overdue": is_overdue(action, context.today),
        "may": action_moves(context, who, seen, action),
        **{name: getattr(action, name) for name in names},
    }


def escalation_facts(directory: Directory, seen: AuditView) -> dict[str, Any]:
    if seen.escalation is None:
        return {"state": seen.escalation_state or None}
    return _opening(directory, seen.escalation)


def _opening(directory: Directory, escalation: Escalation) -> dict[str, Any]:
    recipients = [
        {"post": one.post, "person": email(directory, one.person_id), "stands_in": one.stands_in, "acknowledged_at": one.acknowledged_at}
        for one in escalation.recipients
    ]
    names = ("state", "source", "opened_at", "reason", "plan", "resolution")
    return {**{name: getattr(escalation, name) for name in names}, "recipients": recipients}


def offers_shown(seen: AuditView) -> list[dict[str, Any]]:
    return [
        {"move": offer.move.name, "title": offer.move.title, "missing": missing_as_json(offer.missing)} for offer in seen.available_moves
    ]


def history_facts(directory: Directory, row: Row, reason: str | None) -> dict[str, Any]:
    entry = row.entry
    return {
        "number": row.number,
        "move": entry.move,
        "from_": entry.from_state,
        "to": entry.to_state,
        "escalation": entry.escalation,
        "by": email(directory, entry.by_id),
        "by_name": entry.by_name,
        "at": entry.at,
        "previous": row.previous,
        "hash": row.hash,
        "reason": reason,
    }
