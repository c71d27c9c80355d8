"""Convert records to rows and back."""

import json
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row as SqlRow

from workflow.child_ids import child_key
from workflow.content import content_digest
from workflow.history import Chain, HistoryEntry, Row
from workflow.models import Answers, Audit, Escalation, Header, Recipient, SmartAction

Values = dict[str, Any]
Stored = SqlRow[Any, *tuple[Any, ...]]
HEADER = tuple(field.name for field in fields(Header))
_AUDIT_FIELDS = (
    "reference", "state", "version", "edition", "rules_version", "auditor_id", "moderator_id", "judged_by", "overall_grade", "moderation_reason",
    "started_at", "share_by", "shared_at", "moderated_at", "withdrawal_asked_by", "re_audit_prompt_on", "next_check_on",
)  # fmt: skip
# Field -> column. A column keeps the name it was first given.
PLAIN = {name: name for name in _AUDIT_FIELDS} | {"moderation_reason": "picked_because", "next_check_on": "look_on"}
ACTION = tuple(field.name for field in fields(SmartAction))
DAYS = tuple(name for name in ACTION if name.endswith("_on"))
ESCALATION = tuple(field.name for field in fields(Escalation) if field.name != "recipients")
OPENING = (*ESCALATION, "recipients")
RECIPIENT = ("post", "person_id", "stands_in", "acknowledged_by", "acknowledged_at")
BY_LINK, STANDING_IN = 1, 2


def audit_values(audit: Audit) -> Values:
    values: Values = {column: getattr(audit, name) for name, column in PLAIN.items()}
    values |= {name: getattr(audit.header, name) for name in HEADER}
    values["child_key"] = child_key(audit.header.child_id)
    values["form_key"], values["form_version"] = audit.form
    values["escalation_state"] = audit.escalation_state
    values["history_count"], values["history_head"] = audit.chain.count, audit.chain.head
    values["content_digest"] = content_digest(audit)
    return values


def audit_of(row: Stored, escalation: Escalation | None) -> Audit:
    """`its_sections` and `its_actions` are JSON texts: None where an audit has none."""
    stored = row._mapping
    sections, actions = (json.loads(stored[name] or "[]") for name in ("its_sections", "its_actions"))
    return Audit(
        **{name: stored[column] for name, column in PLAIN.items()},
        id=stored["id"],
        form=(stored["form_key"], stored["form_version"]),
        header=Header(*(stored[name] for name in HEADER)),
        chain=Chain(stored["history_count"], stored["history_head"]),
        sections={section: json.loads(answers) for section, _, answers in sections},
        section_versions={section: version for section, version, _ in sections},
        actions=tuple(_action_of(dict(zip(ACTION, action, strict=True))) for action in sorted(actions)),
        escalation=escalation,
        escalated_to=frozenset(person_id for (person_id,) in json.loads(stored["its_escalated_to"] or "[]")),
    )


def section_values(audit_id: int, section: str, version: int, answers: Answers) -> Values:
    return {"audit_id": audit_id, "section": section, "version": version, "answers": json.dumps(answers, ensure_ascii=False)}


def action_values(audit_id: int, action: SmartAction) -> Values:
    earlier = ",".join(day.isoformat() for day in action.earlier_due_dates)
    return {"audit_id": audit_id, **{name: getattr(action, name) for name in ACTION}, "earlier_due_dates": earlier}


def _action_of(values: dict[str, Any]) -> SmartAction:
    """From JSON: dates are text, and on SQLite booleans are numbers."""
    days = {name: date.fromisoformat(values[name]) for name in DAYS if values[name]}
    earlier = tuple(date.fromisoformat(day) for day in values["earlier_due_dates"].split(",") if day)
    return SmartAction(**{**values, **days, "is_live": bool(values["is_live"]), "earlier_due_dates": earlier})


def escalation_values(audit_id: int, escalation: Escalation) -> Values:
    recipients = [[*(_plain(getattr(one, name)) for name in RECIPIENT), _how(one)] for one in escalation.recipients]
    plain = {name: getattr(escalation, name) for name in ESCALATION}
    return {"audit_id": audit_id, **plain, "recipients": json.dumps(recipients)}


def escalation_of(row: Stored) -> Escalation:
    stored = row._mapping
    facts = {name: stored[f"opening_{name}"] for name in ESCALATION}
    return Escalation(**facts, recipients=recipients_of(stored["opening_recipients"]))


def recipients_of(text: str) -> tuple[Recipient, ...]:
    """Recipients stored before acknowledgement links existed have no value for how it was acknowledged."""
    stored: list[list[Any]] = json.loads(text)
    return tuple(
        Recipient(post, person, stands_in, by, datetime.fromisoformat(at) if at else None, *_read_how(*how))
        for post, person, stands_in, by, at, *how in stored
    )


def _how(one: Recipient) -> int | bool:
    """How it was acknowledged, in the one value that the release before reads as whether it was by the link: it knows no stand-ins."""
    if one.acknowledged_stands_in is None:
        return one.by_link
    return BY_LINK * one.by_link + STANDING_IN * one.acknowledged_stands_in


def _read_how(how: int | bool = False) -> tuple[bool, bool | None]:
    return bool(how & BY_LINK), None if isinstance(how, bool) else bool(how & STANDING_IN)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def history_values(audit_id: int, row: Row) -> Values:
    entry = {field.name: getattr(row.entry, field.name) for field in fields(HistoryEntry)}
    return {"audit_id": audit_id, "number": row.number, "previous": row.previous, "hash": row.hash, **entry}


def history_row(row: Stored) -> Row:
    stored = row._mapping
    entry = HistoryEntry(**{field.name: stored[field.name] for field in fields(HistoryEntry)})
    return Row(stored["number"], entry, stored["previous"], stored["hash"])
