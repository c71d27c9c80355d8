"""Answers that were typed but not saved"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unsaved",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_unsaved_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "reference", "section", name=op.f("pk_unsaved")),
    )


def downgrade() -> None:
    op.drop_table("unsaved")
