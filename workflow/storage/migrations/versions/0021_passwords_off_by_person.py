"""Passwords off for one person, and what an account email says besides"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OFF = "neither a password nor a passkey signs them in; nor where a council account is linked"
DETAIL = "what an email about an account says besides, like the name of a browser"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("passwords_off", sa.Boolean(), nullable=True, comment=OFF))
    op.add_column("outbox", sa.Column("detail", sa.String(100), nullable=True, comment=DETAIL))


def downgrade() -> None:
    with op.batch_alter_table("outbox") as batch:
        batch.drop_column("detail")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("passwords_off")
