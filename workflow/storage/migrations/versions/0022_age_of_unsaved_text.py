"""An index by which old unsaved text is found"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_unsaved_at", "unsaved", ["at"])


def downgrade() -> None:
    op.drop_index("ix_unsaved_at", "unsaved")
