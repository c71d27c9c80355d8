"""Column types: instants in UTC, to the microsecond, comparable as text on SQLite; and text that is indexed by prefix."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Instant(TypeDecorator[datetime]):
    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return as_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromisoformat(value)


# Rows that are written together mostly have the same instant.
@lru_cache(64)
def as_text(value: datetime) -> str:
    """An instant as SQLite stores it; PostgreSQL can read it too."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def text_in_code_point_order(length: int) -> TypeEngine[str]:
    """Text sorted by code point on every database, so that values with the same prefix are next to each other."""
    return String(length).with_variant(String(length, "C"), "postgresql")
