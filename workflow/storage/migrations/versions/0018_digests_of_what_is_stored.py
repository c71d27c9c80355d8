"""A digest of everything stored of each audit. It is made here as that of this release is, whatever later releases store besides"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COMMENT = "of everything stored of the audit, and the version it was made at"
BATCH = 500
Values = dict[str, Any]
DAYS = {name: sa.Date() for name in ("audit_on", "share_by", "due_on", "added_on", "completed_on", "verified_on", "asked_due_on")}
INSTANTS = {name: Instant() for name in ("started_at", "shared_at", "moderated_at", "opened_at", "plan_at", "resolved_at")}
TYPES: Mapping[str, Any] = {**DAYS, **INSTANTS, "is_live": sa.Boolean()}


def _table(name: str, columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column, TYPES.get(column)) for column in columns.split()))


HEADER = ["team", "practitioner_id", "team_manager_id", "service_manager_id", "qaro_id", "child_id", "strand", "audit_on"]
OF_AUDIT = [
    "state",
    "version",
    "edition",
    "rules_version",
    "auditor_id",
    "moderator_id",
    "overall_grade",
    "started_at",
    "share_by",
    "shared_at",
    "moderated_at",
    "withdrawal_asked_by",
]
ITSELF = ("id", "picked_because", "form_key", "form_version", "content_digest")
AUDITS = _table("audits", " ".join((*OF_AUDIT, *HEADER, *ITSELF)))
SECTIONS = _table("sections", "audit_id section version answers")
ACTIONS = _table(
    "actions",
    "audit_id number section text owner_id due_on added_by added_on state is_live progress evidence reported_by completed_on verified_by "
    "verified_on note earlier_due_dates asked_due_on asked_by asked_reason",
)
ESCALATIONS = _table(
    "escalations",
    "audit_id number edition source state opened_by opened_at reason plan plan_by plan_at resolution resolved_by resolved_at recipients",
)
RECIPIENT = ("post", "person_id", "stands_in", "acknowledged_by", "acknowledged_at", "by_link")


def upgrade() -> None:
    op.add_column("audits", sa.Column("content_digest", sa.String(80), nullable=True, comment=COMMENT))
    connection = op.get_bind()
    found = connection.execute(sa.select(AUDITS).order_by(AUDITS.c.id)).mappings().all()
    fill = sa.update(AUDITS).where(AUDITS.c.id == sa.bindparam("the_id")).values(content_digest=sa.bindparam("made"))
    for start in range(0, len(found), BATCH):
        audits = found[start : start + BATCH]
        ids = [audit["id"] for audit in audits]
        of_them = {table.name: _by_audit(connection, table, ids) for table in (SECTIONS, ACTIONS, ESCALATIONS)}
        connection.execute(fill, [{"the_id": audit["id"], "made": _digest(dict(audit), of_them)} for audit in audits])


def downgrade() -> None:
    op.drop_column("audits", "content_digest")


def _by_audit(connection: sa.Connection, table: sa.TableClause, ids: Iterable[int]) -> dict[int, list[Values]]:
    found: dict[int, list[Values]] = {}
    order = table.c.section if table is SECTIONS else table.c.number
    for row in connection.execute(sa.select(table).where(table.c.audit_id.in_(ids)).order_by(order)).mappings():
        found.setdefault(row["audit_id"], []).append({name: value for name, value in row.items() if name != "audit_id"})
    return found


def _digest(audit: Mapping[str, Any], of_them: Mapping[str, Mapping[int, list[Values]]]) -> str:
    sections, actions, escalations = (of_them[table.name].get(audit["id"], []) for table in (SECTIONS, ACTIONS, ESCALATIONS))
    whole = {
        **{name: audit[name] for name in OF_AUDIT},
        "moderation_reason": audit["picked_because"],
        "form": (audit["form_key"], audit["form_version"]),
        "escalation": _escalation(escalations[-1]) if escalations else None,
        "actions": [_kept({**action, "earlier_due_dates": _days(action["earlier_due_dates"])}) for action in actions],
        "sections": {row["section"]: json.loads(row["answers"]) for row in sections},
    }
    always = {
        "header": _kept({name: audit[name] for name in HEADER}),
        "section_versions": {row["section"]: row["version"] for row in sections},
    }
    text = json.dumps(_kept(whole) | always, default=_as_plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"{audit['version']}:{hashlib.sha256(text.encode()).hexdigest()}"


def _escalation(row: Values) -> Values:
    recipients = [_kept(dict(zip(RECIPIENT, stored, strict=False))) for stored in json.loads(row["recipients"])]
    for recipient in recipients:
        if at := recipient.get("acknowledged_at"):
            recipient["acknowledged_at"] = datetime.fromisoformat(at)
    return _kept({**row, "recipients": recipients})


def _days(text: str) -> list[str]:
    return [day for day in text.split(",") if day]


def _kept(values: Mapping[str, Any]) -> Values:
    return {name: value for name, value in values.items() if value}


def _as_plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    assert isinstance(value, date)
    return value.isoformat()
