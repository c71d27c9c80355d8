"""Places that somebody has signed in from whole, and one row of failures for each network"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

SLOTS = "of a row that accounts share: how many failures, and when the last one was"
IS_WHOLE = "empty where the password alone may have been given, before this was told apart"


def upgrade() -> None:
    op.add_column("failures", sa.Column("slots", sa.JSON(), nullable=True, comment=SLOTS))
    op.add_column("places", sa.Column("is_whole", sa.Boolean(), nullable=True, comment=IS_WHOLE))


def downgrade() -> None:
    with op.batch_alter_table("places") as batch:
        batch.drop_column("is_whole")
    with op.batch_alter_table("failures") as batch:
        batch.drop_column("slots")
