"""Enrolment codes, and proofs that were used"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "enrolment_codes",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="keyed; the row is gone once the code is used"),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_enrolment_codes_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_enrolment_codes")),
    )
    done = "of a challenge or confirmation that has done its work: none works twice"
    op.create_table(
        "used_proofs",
        sa.Column("digest", sa.String(length=64), nullable=False, comment=done),
        sa.Column("used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_proofs")),
    )
    op.create_index(op.f("ix_used_proofs_used_at"), "used_proofs", ["used_at"])


def downgrade() -> None:
    op.drop_table("used_proofs")
    op.drop_table("enrolment_codes")
