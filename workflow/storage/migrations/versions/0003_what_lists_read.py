"""Indexes for lists, and stored counts of audits"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_audits_ever_escalated", "audits", "team", "escalation_state != 'none'"),
    ("ix_audits_withdrawal_asked_by", "audits", "withdrawal_asked_by", "withdrawal_asked_by IS NOT NULL"),
    ("ix_actions_reported_by", "actions", "reported_by", "reported_by IS NOT NULL"),
    ("ix_actions_unsettled", "actions", "due_on", "state IN ('open', 'reported')"),
)
KEEP_ON_SQLITE = {
    "insert": """
CREATE TRIGGER keep_tallies_insert AFTER INSERT ON audits BEGIN
  INSERT INTO tallies VALUES (coalesce(NEW.team, ''), NEW.state, NEW.shared_at IS NOT NULL, NEW.escalation_state != 'none', 1)
  ON CONFLICT DO UPDATE SET number = number + 1;
END
""",
    "update": """
CREATE TRIGGER keep_tallies_update AFTER UPDATE ON audits
WHEN (OLD.team, OLD.state, OLD.shared_at IS NULL, OLD.escalation_state) IS NOT (NEW.team, NEW.state, NEW.shared_at IS NULL, NEW.escalation_state)
BEGIN
  UPDATE tallies SET number = number - 1 WHERE team = coalesce(OLD.team, '') AND state = OLD.state
  AND is_shared = (OLD.shared_at IS NOT NULL) AND is_escalated = (OLD.escalation_state != 'none');
  INSERT INTO tallies VALUES (coalesce(NEW.team, ''), NEW.state, NEW.shared_at IS NOT NULL, NEW.escalation_state != 'none', 1)
  ON CONFLICT DO UPDATE SET number = number + 1;
END
""",
    "delete": """
CREATE TRIGGER keep_tallies_delete AFTER DELETE ON audits BEGIN
  UPDATE tallies SET number = number - 1 WHERE team = coalesce(OLD.team, '') AND state = OLD.state
  AND is_shared = (OLD.shared_at IS NOT NULL) AND is_escalated = (OLD.escalation_state != 'none');
END
""",
}
KEEP_ON_POSTGRESQL = """
CREATE FUNCTION keep_tallies() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  -- In one order whatever the move, so that two moves never wait for each other.
  INSERT INTO tallies (team, state, is_shared, is_escalated, number)
  SELECT team, state, is_shared, is_escalated, sum(number) FROM (
    SELECT coalesce(OLD.team, ''), OLD.state, OLD.shared_at IS NOT NULL, OLD.escalation_state != 'none', -1 WHERE TG_OP != 'INSERT'
    UNION ALL
    SELECT coalesce(NEW.team, ''), NEW.state, NEW.shared_at IS NOT NULL, NEW.escalation_state != 'none', 1 WHERE TG_OP != 'DELETE'
  ) AS changes (team, state, is_shared, is_escalated, number)
  GROUP BY 1, 2, 3, 4 HAVING sum(number) != 0 ORDER BY 1, 2, 3, 4
  ON CONFLICT (team, state, is_shared, is_escalated) DO UPDATE SET number = tallies.number + excluded.number;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    for name, table, column, condition in PARTIAL:
        op.create_index(name, table, [column], sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
    op.create_index("ix_audits_overall_grade", "audits", ["overall_grade", sa.literal_column("id DESC")])
    if _is_postgresql():
        op.execute('ALTER TABLE audits ALTER reference TYPE varchar(9) COLLATE "C", ALTER child_id TYPE varchar(40) COLLATE "C"')
    op.create_index("ix_audits_child_id_lower", "audits", [sa.text("lower(child_id)")])
    op.create_table(
        "tallies",
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("is_escalated", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("team", "state", "is_shared", "is_escalated", name=op.f("pk_tallies")),
    )
    op.execute(
        "INSERT INTO tallies SELECT coalesce(team, ''), state, shared_at IS NOT NULL, escalation_state != 'none', count(*) "
        "FROM audits GROUP BY 1, 2, 3, 4"
    )
    _keep()


def downgrade() -> None:
    if _is_postgresql():
        op.execute("DROP TRIGGER keep_tallies ON audits")
        op.execute("DROP FUNCTION keep_tallies()")
    else:
        for verb in KEEP_ON_SQLITE:
            op.execute(f"DROP TRIGGER keep_tallies_{verb}")
    op.drop_table("tallies")
    op.drop_index("ix_audits_child_id_lower", "audits")
    op.drop_index("ix_audits_overall_grade", "audits")
    for name, table, _, _ in PARTIAL:
        op.drop_index(name, table)


def _keep() -> None:
    if _is_postgresql():
        op.execute(KEEP_ON_POSTGRESQL)
        op.execute("CREATE TRIGGER keep_tallies AFTER INSERT OR UPDATE OR DELETE ON audits FOR EACH ROW EXECUTE FUNCTION keep_tallies()")
        return
    for trigger in KEEP_ON_SQLITE.values():
        op.execute(trigger)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
