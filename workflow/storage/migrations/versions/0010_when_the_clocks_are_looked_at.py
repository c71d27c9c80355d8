"""When the deadlines of an audit are checked again, and when an action was verified"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SET = "look_on IS NOT NULL"
# The last verification is the one that counts, and it counts for all of them.
VERIFIED = {
    "sqlite": """
UPDATE actions SET verified_on = (SELECT substr(max(at), 1, 10) FROM history WHERE history.audit_id = actions.audit_id AND move = 'verify_action')
WHERE state = 'verified'
""",
    "postgresql": """
UPDATE actions SET verified_on = (SELECT (max(at) AT TIME ZONE 'Europe/London')::date FROM history WHERE history.audit_id = actions.audit_id
AND move = 'verify_action') WHERE state = 'verified'
""",
}
# The next sweep checks everything that is not finished. Audits closed before there were deadlines are not checked.
UNDER_WAY = """
UPDATE audits SET look_on = '2000-01-01' WHERE state NOT IN ('actions_closed', 'withdrawn') OR escalation_state IN ('open', 'acknowledged')
"""
NO_MORE = (
    "UPDATE actions SET remind_on = NULL WHERE audit_id IN (SELECT id FROM audits WHERE state = 'withdrawn') AND remind_on IS NOT NULL"
)


def upgrade() -> None:
    op.add_column("audits", sa.Column("look_on", sa.Date(), nullable=True))
    op.add_column("actions", sa.Column("verified_on", sa.Date(), nullable=True))
    op.create_index("ix_audits_look_on", "audits", ["look_on"], sqlite_where=sa.text(SET), postgresql_where=sa.text(SET))
    op.execute(VERIFIED[op.get_bind().dialect.name])
    op.execute(UNDER_WAY)
    op.execute(NO_MORE)


def downgrade() -> None:
    op.drop_index("ix_audits_look_on", "audits")
    op.drop_column("actions", "verified_on")
    op.drop_column("audits", "look_on")
