"""How access tokens and calendar addresses were proven when they were made"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PROOF = "the second factor given when it was made; empty: none; null: made before this was stored"


def upgrade() -> None:
    for table in ("tokens", "calendars"):
        op.add_column(table, sa.Column("proof", sa.String(20), nullable=True, comment=PROOF))


def downgrade() -> None:
    for table in ("tokens", "calendars"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("proof")
