"""Read an audit and everything in it in one statement: a reader sees it before or after a move, never in between."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, Table, Text, and_, bindparam, cast, func, select

from workflow.models import Audit
from workflow.storage import row_mapping, tables

OPENINGS = tables.escalations.alias("openings")
LATEST_OPENING = (
    select(func.max(OPENINGS.c.number)).where(OPENINGS.c.audit_id == tables.audits.c.id).correlate(tables.audits).scalar_subquery()
)
SECTION = ("section", "version", "answers")


def read_audit(connection: Connection, reference: str) -> Audit | None:
    # PostgreSQL does not accept every text that a URL may contain.
    row = connection.execute(AUDIT[connection.dialect.name], {"reference": reference if reference.isprintable() else ""}).first()
    return None if row is None else audit_of(row)


def read_audit_rows(connection: Connection, references: Collection[str]) -> dict[str, row_mapping.Stored]:
    """Rows for `audit_of`, by reference, in one statement."""
    return {row.reference: row for row in connection.execute(AUDITS[connection.dialect.name], {"references": list(references)})}


def audit_of(row: row_mapping.Stored) -> Audit:
    return row_mapping.audit_of(row, row_mapping.escalation_of(row) if row.opening_number else None)


def _select_audits(as_list: Any, as_row: Any) -> Select[Any]:
    def those_of(table: Table, names: tuple[str, ...]) -> Any:
        """All rows of the audit as one JSON text: a list of lists, in no order."""
        listed = cast(as_list(as_row(*(table.c[name] for name in names))), Text)
        return select(listed).where(table.c.audit_id == tables.audits.c.id).correlate(tables.audits).scalar_subquery()

    opening = and_(tables.escalations.c.audit_id == tables.audits.c.id, tables.escalations.c.number == LATEST_OPENING)
    return select(
        tables.audits,
        *(tables.escalations.c[name].label(f"opening_{name}") for name in row_mapping.OPENING),
        those_of(tables.sections, SECTION).label("its_sections"),
        those_of(tables.actions, row_mapping.ACTION).label("its_actions"),
        those_of(tables.escalated_to, ("person_id",)).label("its_escalated_to"),
    ).outerjoin_from(tables.audits, tables.escalations, opening)


ALL = {
    "sqlite": _select_audits(func.json_group_array, func.json_array),
    "postgresql": _select_audits(func.json_agg, func.json_build_array),
}
AUDIT = {name: every.where(tables.audits.c.reference == bindparam("reference")) for name, every in ALL.items()}
AUDITS = {name: every.where(tables.audits.c.reference.in_(bindparam("references", expanding=True))) for name, every in ALL.items()}
