"""Requests that a second person must approve, and the history of the directory"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.Column("from_person", sa.Integer(), comment="of a delegation, as are its times"),
        sa.Column("starts_at", Instant()),
        sa.Column("ends_at", Instant()),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answered_by", sa.Integer()),
        sa.Column("answered_at", Instant()),
        sa.Column("is_granted", sa.Boolean()),
        *_people("requests", "person_id", "from_person", "asked_by", "answered_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        comment="what a second person must agree to",
    )
    op.create_table(
        "directory_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by_id", sa.Integer(), comment="nobody where it was done on the command line"),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Integer()),
        sa.Column("unit", sa.String(length=40)),
        sa.Column("facts", sa.JSON(), nullable=False),
        *_people("directory_history", "by_id", "person_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_history")),
        comment="only ever added to",
    )
    for table in ("requests", "directory_history"):
        op.create_index(op.f(f"ix_{table}_person_id"), table, ["person_id"])
    _keep("directory_history")


def _people(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([column], ["people.id"], name=op.f(f"fk_{table}_{column}_people")) for column in columns]


def _keep(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        # The function is there since the first tables.
        op.execute(f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )


def downgrade() -> None:
    for table in ("directory_history", "requests"):
        op.drop_table(table)
