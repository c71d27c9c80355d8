"""Access tokens that expire, have a name and a scope, and can be revoked"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# From the day of the change on, so that no program stops at once.
LASTS = timedelta(days=90)
TOKENS = sa.table(
    "tokens", sa.column("digest", sa.String(64)), sa.column("person_id", sa.Integer()), sa.column("created_at", Instant()),
    sa.column("ends_at", Instant()), sa.column("revoked_at", Instant()),
)  # fmt: skip
HELD = (TOKENS.c.digest, TOKENS.c.person_id, TOKENS.c.created_at)


def upgrade() -> None:
    held = _held()
    op.drop_table("tokens")
    tokens = op.create_table(
        "tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), comment="to the minute"),
        sa.Column("revoked_at", Instant()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
    )
    op.create_index(op.f("ix_tokens_person_id"), "tokens", ["person_id"])
    ends_at = datetime.now(UTC) + LASTS
    op.bulk_insert(tokens, [{**row, "name": "Made before tokens had names", "scope": "read and write", "ends_at": ends_at} for row in held])


def downgrade() -> None:
    # A token that was revoked or has expired must not become valid.
    held = _held(TOKENS.c.revoked_at.is_(None), TOKENS.c.ends_at > datetime.now(UTC))
    op.drop_table("tokens")
    tokens = op.create_table(
        "tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id_people")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.bulk_insert(tokens, held)


def _held(*conditions: sa.ColumnElement[bool]) -> list[dict[str, object]]:
    """The columns of the table before and after."""
    return [dict(row._mapping) for row in op.get_bind().execute(sa.select(*HELD).where(*conditions))]
