"""Digests of what is stored of an audit. Each history row holds those of what moves settle; the audit's row holds that of everything.

They are made from the records that pages read, so a field added later is covered without a change here. A field that holds nothing
(None, "", False) is left out, so adding one changes no digest that was made before.
"""

import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from workflow.history import digest
from workflow.models import Audit, Escalation, SmartAction

FACT = "stored"
"""Where a history row's facts hold what `settled` returns."""
NOT_COVERED = {
    Audit: {
        "id": "the database’s own number, by which it finds everything else of the audit",
        "chain": "verified against the rows of the history",
        "reference": "in the hash of every row of the history",
        "judged_by": "compared with what the rows of the history tell",
        "next_check_on": "set by the worker: when it checks the deadlines again",
        "escalated_to": "verified against the escalations, which say who was named",
        "re_audit_prompt_on": "emptied by the worker once it has asked for the next audit",
    },
    SmartAction: {"remind_on": "set by the worker: when it reminds the owner again"},
}
NOT_SETTLED = {
    **NOT_COVERED[Audit],
    "version": "grows when a section is saved, which adds no row to the history",
    "sections": "saved without a row until they are sealed",
    "section_versions": "saved with the sections",
    "header": "follows the sections, what was sealed of them, and who was named since",
    "actions": "each has a digest of its own",
    "escalation": "has a digest of its own, as has each earlier one",
}


def settled(audit: Audit) -> dict[str, str]:
    """Digests by part: the audit’s auditor, grade and dates, each action, the escalation, what the moderator wrote.

    Nothing of it changes without a row of history.
    """
    parts: dict[str, object] = {"audit": {name: value for name, value in _kept(audit).items() if name not in NOT_SETTLED}}
    parts |= {f"action {action.number}": action for action in audit.actions}
    if audit.moderated_at:
        parts["moderation"] = audit.sections.get("moderation", {})
    digests = {part: digest(_as_json(value)) for part, value in parts.items()}
    return digests | settled_escalations([audit.escalation] if audit.escalation else [])


def settled_escalations(earlier: Iterable[Escalation]) -> dict[str, str]:
    return {f"escalation {one.number}": digest(_as_json(one)) for one in earlier}


def content_digest(audit: Audit) -> str:
    """The digest of everything, with the version of the audit it was made at: releases before this one do not renew it."""
    versions = {key: audit.section_versions.get(key, audit.version) for key in audit.sections}
    return f"{audit.version}:{digest(_as_json({**_kept(audit), 'section_versions': versions}))}"


def _as_json(value: object) -> str:
    return json.dumps(value, default=_as_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _as_plain(value: Any) -> object:
    """What JSON has no form for: instants, days and records."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else _kept(value)


def _kept(record: Any) -> dict[str, Any]:
    values = [(name, getattr(record, name)) for name in _covered(record.__class__)]
    return {name: value for name, value in values if value}


@cache
def _covered(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name not in NOT_COVERED.get(kind, {}))
