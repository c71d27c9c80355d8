"""New email addresses that wait for a second person, and since when a person’s emailed links are worth something"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NEW_EMAIL = "of a change of address; the role is empty then"
LINKS_FROM = "links emailed before are worth nothing"


def upgrade() -> None:
    op.add_column("requests", sa.Column("new_email", sa.String(length=254), nullable=True, comment=NEW_EMAIL))
    op.add_column("accounts", sa.Column("links_from", Instant(), nullable=True, comment=LINKS_FROM))


def downgrade() -> None:
    # The version before can’t show or grant a change of address.
    op.execute("UPDATE requests SET answered_at = asked_at, is_granted = FALSE WHERE new_email IS NOT NULL AND answered_at IS NULL")
    with op.batch_alter_table("accounts") as batch:
        batch.drop_column("links_from")
    with op.batch_alter_table("requests") as batch:
        batch.drop_column("new_email")
