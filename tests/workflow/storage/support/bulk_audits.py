"""Make many audits fast: copies of real ones under other numbers and references, each with a history that verifies."""

from typing import Any

from sqlalchemy import Connection, func, insert, select

from workflow.history import Chain, HistoryEntry, link
from workflow.storage.tables import actions, audits, escalated_to, escalations, history, notices, outbox, remarks, seals, sections

OF_AN_AUDIT = (sections, actions, escalations, escalated_to, remarks, seals)
TOLD = (notices, outbox)
HAPPENED = ("at", "by_id", "by_name", "move", "from_state", "to_state", "escalation", "facts")
BATCH = 100
Rows = list[dict[str, Any]]


def multiply(connection: Connection, times: int) -> int:
    """Copy each audit that number of times; return how many audits there are."""
    held = [(audit, _held(connection, audit)) for audit in _rows(connection, audits)]
    step = max(audit["id"] for audit, _ in held)
    for start in range(0, times, BATCH):
        made: dict[Any, Rows] = {table: [] for table in (audits, history, *OF_AN_AUDIT, *TOLD)}
        for number in range(start, min(start + BATCH, times)):
            for audit, of_it in held:
                _again(made, of_it, audit, step * (number + 1) + audit["id"])
        for table, rows in made.items():
            if rows:
                connection.execute(insert(table), rows)
    return int(connection.execute(select(func.count()).select_from(audits)).scalar_one())


def _again(made: dict[Any, Rows], held: dict[Any, Rows], audit: dict[str, Any], ident: int) -> None:
    reference, chain = f"{ident:08x}"[:4] + "-" + f"{ident:08x}"[4:], Chain()
    for row in held[history]:
        linked, chain = link(chain, reference, HistoryEntry(*(row[name] for name in HAPPENED)))
        made[history].append({**row, "audit_id": ident, "previous": linked.previous, "hash": linked.hash})
    made[audits].append({**audit, "id": ident, "reference": reference, "history_head": chain.head})
    for table in OF_AN_AUDIT:
        made[table] += [{**row, "audit_id": ident} for row in held[table]]
    for table in TOLD:
        plain = [{key: value for key, value in row.items() if key != "id"} for row in held[table]]
        made[table] += [{**row, "reference": reference, "key": row["key"].replace(audit["reference"], reference)} for row in plain]


def _held(connection: Connection, audit: dict[str, Any]) -> dict[Any, Rows]:
    of_it = {table: _rows(connection, table, table.c.audit_id == audit["id"]) for table in (history, *OF_AN_AUDIT)}
    return of_it | {table: _rows(connection, table, table.c.reference == audit["reference"]) for table in TOLD}


def _rows(connection: Connection, table: Any, *where: Any) -> Rows:
    found = connection.execute(select(table).where(*where).order_by(*table.primary_key)).mappings()
    return [dict(row) for row in found]
