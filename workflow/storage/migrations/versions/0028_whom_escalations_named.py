"""Who was named in an escalation, so that they keep sight of the audit when their post changes hands"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

ESCALATIONS = sa.table("escalations", sa.column("audit_id"), sa.column("recipients"))
ESCALATED_TO = sa.table("escalated_to", sa.column("audit_id"), sa.column("person_id"))


def upgrade() -> None:
    op.create_table(
        "escalated_to",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_escalated_to_audit_id_audits")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_escalated_to_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "audit_id", name=op.f("pk_escalated_to")),
        comment="who was named in an escalation, or acknowledged one, until they leave",
    )
    op.create_index("ix_escalated_to_audit_id", "escalated_to", ["audit_id"])
    found: set[tuple[int, int]] = set()
    for audit_id, recipients in op.get_bind().execute(sa.select(ESCALATIONS.c.audit_id, ESCALATIONS.c.recipients)):
        for _, named, _, by, *_ in json.loads(recipients):
            found |= {(audit_id, person_id) for person_id in (named, by) if person_id is not None}
    op.bulk_insert(ESCALATED_TO, [{"audit_id": audit_id, "person_id": person_id} for audit_id, person_id in sorted(found)])


def downgrade() -> None:
    op.drop_table("escalated_to")
