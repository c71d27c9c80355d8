"""One collection of tables. Constraints get predictable names, which migrations can use."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Index, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s", "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s", "pk": "pk_%(table_name)s",
    }
)  # fmt: skip


def index_where(name: str, columns: Column[Any] | Sequence[Column[Any]], condition: ColumnElement[bool]) -> None:
    """A partial index, on both databases."""
    Index(name, *(columns if isinstance(columns, Sequence) else (columns,)), sqlite_where=condition, postgresql_where=condition)
