"""Whose judgement was sealed: one saved before this stands until it is saved once more"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

JUDGED_BY = "the moderator whose own judgement was last sealed in this edition"
AUDITS = sa.table("audits", sa.column("id"), sa.column("judged_by"))
HISTORY = sa.table("history", *map(sa.column, ("audit_id", "number", "move", "by_id")))


def upgrade() -> None:
    op.add_column("audits", sa.Column("judged_by", sa.Integer(), nullable=True, comment=JUDGED_BY))
    _retell()


def downgrade() -> None:
    op.drop_column("audits", "judged_by")


def _retell() -> None:
    """There are such rows only where this release was left and came back to."""
    connection = op.get_bind()
    moves = HISTORY.c.move.in_(("judge", "return_for_correction"))
    rows = connection.execute(sa.select(HISTORY).where(moves).order_by(HISTORY.c.audit_id, HISTORY.c.number)).all()
    for audit_id, last in {row.audit_id: row for row in rows}.items():
        if last.move == "judge":
            connection.execute(sa.update(AUDITS).where(AUDITS.c.id == audit_id).values(judged_by=last.by_id))
