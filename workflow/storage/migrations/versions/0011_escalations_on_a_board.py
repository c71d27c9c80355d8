"""Indexes for the escalation board, and private calendars"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNRESOLVED = "state IN ('open', 'acknowledged')"
RESOLVED = "resolved_at IS NOT NULL"
OF_ESCALATIONS = "event IN ('escalation_opened', 'escalation_not_acknowledged', 'escalation_passed_up')"
INDEXES = (
    ("ix_escalations_unresolved", "escalations", "opened_at", UNRESOLVED),
    ("ix_escalations_resolved_at", "escalations", "resolved_at", RESOLVED),
    ("ix_outbox_of_escalations", "outbox", "reference", OF_ESCALATIONS),
)


def upgrade() -> None:
    for name, table, column, condition in INDEXES:
        op.create_index(name, table, [column], sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
    op.create_table(
        "calendars",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_calendars_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("digest", name=op.f("uq_calendars_digest")),
    )


def downgrade() -> None:
    op.drop_table("calendars")
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
