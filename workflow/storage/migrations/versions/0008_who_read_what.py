"""The read log, and emergency requests that wait"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "readings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), comment="null for the command line"),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("door", sa.String(length=10), nullable=False),
        sa.Column("what", sa.String(length=100), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("emergency_id", sa.Integer()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_readings_person_id_people")),
        sa.ForeignKeyConstraint(["emergency_id"], ["emergencies.id"], name=op.f("fk_readings_emergency_id_emergencies")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readings")),
    )
    op.create_index("ix_readings_reference", "readings", ["reference", sa.text("id DESC")])
    op.create_index("ix_readings_person_id", "readings", ["person_id", sa.text("id DESC")])
    op.create_index("ix_readings_at", "readings", ["at"])
    op.create_index(
        "ix_emergencies_waiting", "emergencies", ["asked_at"],
        sqlite_where=sa.text("answered_at IS NULL"), postgresql_where=sa.text("answered_at IS NULL"),
    )  # fmt: skip
    _only_ever_added_to()


def _only_ever_added_to() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TRIGGER keep_readings BEFORE UPDATE OR DELETE OR TRUNCATE ON readings EXECUTE FUNCTION refuse_change()")
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER keep_readings_{verb.lower()} BEFORE {verb} ON readings "
            "BEGIN SELECT RAISE(ABORT, 'readings is only ever added to'); END"
        )


def downgrade() -> None:
    op.drop_index("ix_emergencies_waiting", table_name="emergencies")
    op.drop_table("readings")
