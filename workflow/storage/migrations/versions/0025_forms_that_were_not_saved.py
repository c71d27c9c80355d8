"""Any posted form that was not saved, stored for the person who wrote it"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unsaved_forms",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("opened", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_unsaved_forms_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "path", "opened", name=op.f("pk_unsaved_forms")),
    )
    op.create_index("ix_unsaved_forms_at", "unsaved_forms", ["at"])


def downgrade() -> None:
    op.drop_table("unsaved_forms")
