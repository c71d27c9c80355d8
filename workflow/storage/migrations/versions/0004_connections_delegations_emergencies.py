"""Connections to a child, delegations, and emergency access"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant, text_in_code_point_order

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_person", sa.Integer(), nullable=False),
        sa.Column("to_person", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("given_by", sa.Integer(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        *_people("delegations", "from_person", "to_person", "given_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_table(
        "connections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("child_id", text_in_code_point_order(40), nullable=False, comment="folded"),
        sa.Column("declared_by", sa.Integer(), nullable=False),
        sa.Column("declared_at", Instant(), nullable=False),
        sa.Column("ended_by", sa.Integer()),
        sa.Column("ended_at", Instant()),
        *_people("connections", "person_id", "declared_by", "ended_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
    )
    op.create_table(
        "emergencies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False, comment="as asked for, whether or not there is such an audit"),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Integer()),
        sa.Column("answered_at", Instant()),
        sa.Column("ends_at", Instant(), comment="where it was granted"),
        *_people("emergencies", "asked_by", "answered_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergencies")),
    )
    for table, column in INDEXED:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


INDEXED = (("delegations", "from_person"), ("delegations", "to_person"), ("connections", "person_id"), ("emergencies", "asked_by"))


def _people(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([column], ["people.id"], name=op.f(f"fk_{table}_{column}_people")) for column in columns]


def downgrade() -> None:
    for table in ("emergencies", "connections", "delegations"):
        op.drop_table(table)
