"""What somebody may see, as JSON: people by email, days as dates, instants in UTC."""

import json
from typing import Any

from web.api import response_schemas
from web.request.errors import missing_as_json
from workflow.commands.audit_view import AuditView, action_moves, view_without_logging
from workflow.commands.context import CommandContext
from workflow.commands.judgements import SealedJudgement
from workflow.directory import Directory, Person
from workflow.errors import NotFound
from workflow.field_types import FIELD_TYPES
from workflow.forms import Form
from workflow.history import Row
from workflow.models import Answers, Audit, Escalation, Recipient, SmartAction
from workflow.permissions import relations
from workflow.roles import CASE_ROLES
from workflow.smart_action import is_overdue

AUDIT, ACTION, ESCALATION = response_schemas.Audit(), response_schemas.Action(), response_schemas.Escalation()


def serialise_after_command(context: CommandContext, who: Person, audit: Audit) -> dict[str, Any]:
    """Return the audit as this person may see it after a command. The caller logs that it is read, before sending it."""
    ties = relations(who, audit, context.directory)
    return serialise_audit(context, who, view_without_logging(context, who, audit, ties))


def serialise_action_after_command(context: CommandContext, who: Person, audit: Audit, number: int) -> dict[str, Any]:
    """As above, one action of it. Raise NotFound where this person may not see it."""
    view = view_without_logging(context, who, audit, relations(who, audit, context.directory))
    return ACTION.dump(serialise_action(context, who, view, find_action(view, number)))  # type: ignore[no-any-return]


def serialise_escalation_after_command(context: CommandContext, who: Person, audit: Audit) -> dict[str, Any]:
    view = view_without_logging(context, who, audit, relations(who, audit, context.directory))
    return ESCALATION.dump(serialise_escalation(context.directory, view))  # type: ignore[no-any-return]


def find_action(view: AuditView, number: int) -> SmartAction:
    action = next((action for action in view.actions if action.number == number), None)
    if action is None:
        raise NotFound
    return action


def to_json(shown: dict[str, Any]) -> str:
    return json.dumps(shown, ensure_ascii=False)


def serialise_audit(context: CommandContext, who: Person, view: AuditView) -> dict[str, Any]:
    audit, directory = view.audit, context.directory
    form = context.form_of(audit)
    named = {"state": audit.state, "auditor": email_of(directory, audit.auditor_id), "moderator": email_of(directory, audit.moderator_id)}
    shown: dict[str, Any] = AUDIT.dump(
        {
            "reference": audit.reference,
            "version": view.version_shown,
            "edition": audit.edition,
            "sealed_edition": view.sealed.edition if view.sealed else None,
            "sealed_at": view.sealed.at if view.sealed else None,
            "form": f"{audit.form[0]}/{audit.form[1]}",
            **(named if view.sees_names else dict.fromkeys(named)),
            "people": {role: email_of(directory, getattr(audit.header, f"{role}_id")) if view.reads_audit else None for role in CASE_ROLES},
            "share_by": audit.share_by if view.sees_names else None,
            "shared_at": audit.shared_at if view.sees_names else None,
            "overall_grade": view.overall_grade,
            "sections": {key: serialise_section(form, directory, key, answers) for key, answers in view.sections.items()},
            "actions": [serialise_action(context, who, view, action) for action in view.actions],
            "judgements": [_serialise_judgement(form, directory, one) for one in view.judgements],
            "escalation": serialise_escalation(directory, view),
            "may": view.may,
        }
    )
    return shown


def serialise_section(form: Form, directory: Directory, key: str, answers: Answers) -> dict[str, object]:
    return {field.key: FIELD_TYPES[field.kind].serialise(answers.get(field.key), directory) for field in form.section(key).fields}


def _serialise_judgement(form: Form, directory: Directory, one: SealedJudgement) -> dict[str, Any]:
    answers = serialise_section(form, directory, "moderation", one.answers)
    return {"by": email_of(directory, one.by_id), "at": one.at, "is_blind": one.is_blind, "answers": answers}


def email_of(directory: Directory, person_id: int | None) -> str | None:
    person = directory.person(person_id)
    return person.email if person else None


def serialise_action(context: CommandContext, who: Person, view: AuditView, action: SmartAction) -> dict[str, Any]:
    names = ("section", "text", "due_on", "earlier_due_dates", "state", "completed_on", "progress", "evidence", "note", "asked_due_on")
    return {
        "id": f"{view.audit.reference}-{action.number}",
        "owner": email_of(context.directory, action.owner_id),
        "is_overdue": is_overdue(action, context.today),
        "may": action_moves(context, who, view, action),
        **{name: getattr(action, name) for name in names},
    }


def serialise_escalation(directory: Directory, view: AuditView) -> dict[str, Any]:
    if view.escalation is None:
        return {"state": view.escalation_state or None}
    return _serialise_opening(directory, view.escalation)


def _serialise_opening(directory: Directory, escalation: Escalation) -> dict[str, Any]:
    recipients = [_serialise_recipient(directory, one) for one in escalation.recipients]
    names = ("state", "source", "opened_at", "reason", "plan", "resolution")
    return {**{name: getattr(escalation, name) for name in names}, "recipients": recipients}


def _serialise_recipient(directory: Directory, one: Recipient) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("post", "stands_in", "acknowledged_at", "acknowledged_as")}
    return {**plain, "person": email_of(directory, one.person_id), "acknowledged_by": email_of(directory, one.acknowledged_by)}


def serialise_moves(view: AuditView) -> list[dict[str, Any]]:
    return [
        {"move": offer.move.name, "title": offer.move.title, "missing": missing_as_json(offer.missing)} for offer in view.available_moves
    ]


def serialise_history_row(directory: Directory, row: Row, reason: str | None) -> dict[str, Any]:
    entry = row.entry
    return {
        "number": row.number,
        "move": entry.move,
        "from_": entry.from_state,
        "to": entry.to_state,
        "escalation": entry.escalation,
        "by": email_of(directory, entry.by_id),
        "by_name": entry.by_name,
        "at": entry.at,
        "previous": row.previous,
        "hash": row.hash,
        "reason": reason,
    }
