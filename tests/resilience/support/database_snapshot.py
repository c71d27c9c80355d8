"""Everything a database stores, as text to compare; and the outcome of an outbox row’s email."""

from collections.abc import Collection, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import select

from notifications.context import WorkerContext
from web.council import Council
from workflow.storage import tables
from workflow.storage.engine import read_transaction

# Columns that another worker after a death fills otherwise: when it came by, and what it was.
CARRIED = {"leased_by", "leased_until", "attempts", "sent_at", "next_attempt_at", "last_error", "body", "message_id", "sent_to"}
WHO_CARRIED_IT = {"outbox": CARRIED, "notices": {"at"}, "sweeps": {"at", "slot"}, "ticks": {"at", "worker"}}
WHEN_IT_WAS_FOUND = {**WHO_CARRIED_IT, "outbox": {*CARRIED, "created_at", "send_from"}}
Kept = dict[str, list[str]]


def snapshot(council: Council, but: Mapping[str, Collection[str]] = MappingProxyType({})) -> Kept:
    """Every row of every table, but for some columns."""
    with read_transaction(council.engine) as connection:
        return {
            name: sorted(map(repr, connection.exec_driver_sql(_all_of(name, tuple(sorted(but.get(name, ()))))).all()))
            for name in tables.metadata.tables
        }


@cache
def _all_of(table: str, but: tuple[str, ...]) -> str:
    columns = [column.name for column in tables.metadata.tables[table].c if column.name not in but]
    return f"SELECT {', '.join(columns or ['1'])} FROM {table}"


def outbox(council: Council | WorkerContext) -> list[Any]:
    with read_transaction(council.engine) as connection:
        return list(connection.execute(select(tables.outbox).order_by(tables.outbox.c.id)))


def notices(council: Council | WorkerContext) -> list[Any]:
    with read_transaction(council.engine) as connection:
        return list(connection.execute(select(tables.notices).order_by(tables.notices.c.id)))
