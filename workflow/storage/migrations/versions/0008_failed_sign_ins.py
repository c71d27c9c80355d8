"""Failed tries to sign in, and the places that people are known from"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_index(op.f("ix_sign_in_failures_last_at"), "sign_in_failures", ["last_at"])
    op.create_table(
        "known_places",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_known_places_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "place", name=op.f("pk_known_places")),
    )


def downgrade() -> None:
    op.drop_table("known_places")
    op.drop_table("sign_in_failures")
