"""Store text that a person typed and could not save, and offer it to that person when they come back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from web.audits.queries import DraftKey, delete_draft, find_draft, store_draft
from web.request.context import current_council
from web.request.form_fields import SURE
from workflow.commands.audit_view import AuditView
from workflow.directory import Person

NOT_ANSWERS = {"csrf_token", "then", "kept", "unsaved", SURE}


def store(who: Person, reference: str, section: str, typed: Mapping[str, str]) -> None:
    answers = {name: value for name, value in typed.items() if name not in NOT_ANSWERS}
    store_draft(current_council().engine, DraftKey(who.id, reference, section), read_version_seen(typed), answers, datetime.now(UTC))


def find(who: Person, reference: str, section: str) -> Any:
    """Return a row of `seen`, `typed` and `at`, or None."""
    return find_draft(current_council().engine, DraftKey(who.id, reference, section))


def delete(who: Person, reference: str, section: str) -> None:
    delete_draft(current_council().engine, DraftKey(who.id, reference, section))


def may_write(seen: AuditView, section: str) -> bool:
    right = "write_moderation" if section == "moderation" else "write_audit"
    return section in seen.sections and right in seen.may


def read_version_seen(typed: Mapping[str, str]) -> int:
    seen = typed.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else 0
