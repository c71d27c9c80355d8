"""How things are stored: instants in UTC, to the microsecond, comparable as text on SQLite; and text that is found by its beginning."""

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


# The rows that are written together mostly tell of one instant.
@lru_cache(64)
def as_text(value: datetime) -> str:
    """As SQLite keeps an instant, and PostgreSQL reads one as well."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def text_in_code_point_order(length: int) -> TypeEngine[str]:
    """Text in the order of its letters’ numbers on every database, so that whatever begins alike lies together."""
    return String(length).with_variant(String(length, "C"), "postgresql")
