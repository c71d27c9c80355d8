"""Signatures of the rows that give access. Anybody who can write to the database, but does not know SECRET_KEY, can make or change none."""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from config.settings import Settings

# Everything that says whose a row is and what it allows.
SIGNED: Mapping[str, tuple[str, ...]] = {
    "sessions": ("digest", "person_id", "content"),
    "tokens": ("digest", "person_id", "scope", "created_at", "ends_at", "proof"),
    "calendars": ("digest", "person_id", "proof"),
}


def sign_row(settings: Settings, table: str, values: Mapping[str, Any]) -> str:
    facts = json.dumps([values[column] for column in SIGNED[table]], default=_as_text, sort_keys=True)
    return hmac.digest(settings.key_for(f"rows of {table}"), facts.encode(), "sha256").hex()


def is_signed(settings: Settings, table: str, row: Any) -> bool:
    """False for a row of before rows were signed, too."""
    return hmac.compare_digest(sign_row(settings, table, row._mapping), row.signature or "")


def _as_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
