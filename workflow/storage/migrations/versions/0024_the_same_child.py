"""By what two child IDs are compared, and how the ID of a declared connection was typed"""

import sqlalchemy as sa
from alembic import op

# What is stored must equal what this release compares it with, and a later rule needs a migration that fills it again.
from workflow.child_ids import child_key
from workflow.storage.column_types import text_in_code_point_order

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

AUDITS = sa.table("audits", sa.column("id"), sa.column("child_id"), sa.column("child_key"))
BATCH = 500


def upgrade() -> None:
    op.add_column(
        "audits", sa.Column("child_key", text_in_code_point_order(200), nullable=True, comment="of child_id; null where that is no ID")
    )
    op.add_column("connections", sa.Column("typed_as", text_in_code_point_order(40), nullable=True))
    connection = op.get_bind()
    fill = sa.update(AUDITS).where(AUDITS.c.id == sa.bindparam("the_id")).values(child_key=sa.bindparam("key"))
    found = connection.execute(sa.select(AUDITS.c.id, AUDITS.c.child_id).where(AUDITS.c.child_id.is_not(None))).all()
    keys = [{"the_id": row.id, "key": key} for row in found if (key := child_key(row.child_id))]
    for start in range(0, len(keys), BATCH):
        connection.execute(fill, keys[start : start + BATCH])
    op.create_index("ix_audits_child_key", "audits", ["child_key"])


def downgrade() -> None:
    op.drop_index("ix_audits_child_key", "audits")
    op.drop_column("connections", "typed_as")
    op.drop_column("audits", "child_key")
