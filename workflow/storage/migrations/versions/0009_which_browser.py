"""Which browser a session is of"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("browser", sa.String(length=60), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("sessions", "browser")
