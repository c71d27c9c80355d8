"""Reminders in one email a day, emails in order, and who dealt with an undelivered one"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_outbox_waiting_in_order", ["recipient", "reference", "id"], "state = 'waiting'"),
    ("ix_outbox_undelivered", ["id"], "state = 'dead' AND settled_at IS NULL"),
)
NOT_BEFORE = "not sent before, and given up three days after"
SETTLED = "when somebody saw to what could not be delivered"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("send_from", Instant(), nullable=True, comment=NOT_BEFORE))
    op.execute("UPDATE outbox SET send_from = created_at")
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("send_from", existing_type=Instant(), nullable=False)
        batch.add_column(sa.Column("settled_at", Instant(), nullable=True, comment=SETTLED))
        batch.add_column(sa.Column("settled_by", sa.Integer(), nullable=True))
    for name, columns, condition in INDEXES:
        op.create_index(name, "outbox", columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def downgrade() -> None:
    for name, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name="outbox")
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("settled_by")
        batch.drop_column("settled_at")
        batch.drop_column("send_from")
