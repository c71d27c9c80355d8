"""Council accounts that the operator names before their first sign-in"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "expected_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("sign_in_name", sa.String(length=254), nullable=False, comment="in lower case; the row is gone once it is linked"),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_expected_accounts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expected_accounts")),
        sa.UniqueConstraint("issuer", "sign_in_name", name=op.f("uq_expected_accounts_issuer_sign_in_name")),
        sa.UniqueConstraint("issuer", "person_id", name=op.f("uq_expected_accounts_issuer_person_id")),
    )
    op.create_index(op.f("ix_expected_accounts_person_id"), "expected_accounts", ["person_id"])


def downgrade() -> None:
    op.drop_table("expected_accounts")
