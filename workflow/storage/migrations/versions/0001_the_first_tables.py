"""The first tables"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# History and seals are only ever added to: the database itself refuses anything else.
KEPT = ("history", "seals")


def upgrade() -> None:
    op.create_table(
        "branches",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_branches")),
    )
    op.create_table(
        "definitions",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "version", name=op.f("pk_definitions")),
    )
    op.create_table(
        "directory",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_directory_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False),
        sa.Column("action", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", "recipient", name=op.f("uq_notices_key_recipient")),
        comment="recipient is a person, or 0 for the QA inbox",
    )
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.create_index("ix_notices_recipient", ["recipient", sa.literal_column("id DESC")], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("recipient", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False),
        sa.Column("action", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=True),
        sa.Column("leased_by", sa.String(length=40), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("sent_to", sa.String(length=254), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", "recipient", name=op.f("uq_outbox_key_recipient")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_waiting",
            ["next_attempt_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "sweeps",
        sa.Column("sweep", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sweep", "slot", name=op.f("pk_sweeps")),
    )
    op.create_table(
        "ticks",
        sa.Column("worker", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_ticks")),
    )
    op.create_table(
        "duties",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_duties_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "role", "scope", "is_deputy", name=op.f("pk_duties")),
    )
    op.create_table(
        "once",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_once_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "key", name=op.f("pk_once")),
    )
    with op.batch_alter_table("once", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_once_at"), ["at"], unique=False)

    op.create_table(
        "services",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("branch", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["branch"], ["branches.code"], name=op.f("fk_services_branch_branches")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_services")),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id_people")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
    )
    op.create_table(
        "teams",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["service"], ["services.code"], name=op.f("fk_teams_service_services")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_teams")),
    )
    op.create_table(
        "audits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(length=40), nullable=False),
        sa.Column("form_version", sa.Integer(), nullable=False),
        sa.Column("rules_version", sa.Integer(), nullable=False),
        sa.Column("auditor_id", sa.Integer(), nullable=False),
        sa.Column("moderator_id", sa.Integer(), nullable=True),
        sa.Column("team", sa.String(length=40), nullable=True),
        sa.Column("practitioner_id", sa.Integer(), nullable=True),
        sa.Column("team_manager_id", sa.Integer(), nullable=True),
        sa.Column("service_manager_id", sa.Integer(), nullable=True),
        sa.Column("qaro_id", sa.Integer(), nullable=True),
        sa.Column("child_id", sa.String(length=40), nullable=True),
        sa.Column("strand", sa.String(length=40), nullable=True),
        sa.Column("audit_on", sa.Date(), nullable=True),
        sa.Column("overall_grade", sa.String(length=40), nullable=True),
        sa.Column("picked_because", sa.String(length=200), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("share_by", sa.Date(), nullable=False),
        sa.Column("shared_at", Instant(), nullable=True),
        sa.Column("moderated_at", Instant(), nullable=True),
        sa.Column("withdrawal_asked_by", sa.Integer(), nullable=True),
        sa.Column("escalation_state", sa.String(length=40), nullable=False),
        sa.Column("history_count", sa.Integer(), nullable=False),
        sa.Column("history_head", sa.String(length=64), nullable=False),
        sa.Column("re_audit_prompt_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["auditor_id"], ["people.id"], name=op.f("fk_audits_auditor_id_people")),
        sa.ForeignKeyConstraint(["moderator_id"], ["people.id"], name=op.f("fk_audits_moderator_id_people")),
        sa.ForeignKeyConstraint(["practitioner_id"], ["people.id"], name=op.f("fk_audits_practitioner_id_people")),
        sa.ForeignKeyConstraint(["qaro_id"], ["people.id"], name=op.f("fk_audits_qaro_id_people")),
        sa.ForeignKeyConstraint(["service_manager_id"], ["people.id"], name=op.f("fk_audits_service_manager_id_people")),
        sa.ForeignKeyConstraint(["team"], ["teams.code"], name=op.f("fk_audits_team_teams")),
        sa.ForeignKeyConstraint(["team_manager_id"], ["people.id"], name=op.f("fk_audits_team_manager_id_people")),
        sa.ForeignKeyConstraint(["withdrawal_asked_by"], ["people.id"], name=op.f("fk_audits_withdrawal_asked_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audits")),
        sa.UniqueConstraint("reference", name=op.f("uq_audits_reference")),
    )
    with op.batch_alter_table("audits", schema=None) as batch_op:
        batch_op.create_index("ix_audits_auditor_id", ["auditor_id", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index("ix_audits_child_id", ["child_id"], unique=False)
        batch_op.create_index(
            "ix_audits_escalated",
            ["escalation_state"],
            unique=False,
            sqlite_where=sa.text("escalation_state IN ('open', 'acknowledged')"),
            postgresql_where=sa.text("escalation_state IN ('open', 'acknowledged')"),
        )
        batch_op.create_index("ix_audits_moderator_id", ["moderator_id", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index("ix_audits_practitioner_id", ["practitioner_id", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index("ix_audits_qaro_id", ["qaro_id", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index(
            "ix_audits_re_audit_prompt_on",
            ["re_audit_prompt_on"],
            unique=False,
            sqlite_where=sa.text("re_audit_prompt_on IS NOT NULL"),
            postgresql_where=sa.text("re_audit_prompt_on IS NOT NULL"),
        )
        batch_op.create_index("ix_audits_service_manager_id", ["service_manager_id", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index("ix_audits_state", ["state", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index("ix_audits_team", ["team", sa.literal_column("id DESC")], unique=False)
        batch_op.create_index("ix_audits_team_manager_id", ["team_manager_id", sa.literal_column("id DESC")], unique=False)

    op.create_table(
        "actions",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("section", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Integer(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("verified_by", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("earlier_due_dates", sa.String(length=2000), nullable=False),
        sa.Column("asked_due_on", sa.Date(), nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_reason", sa.Text(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_actions_added_by_people")),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_actions_asked_by_people")),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_actions_audit_id_audits")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_actions_owner_id_people")),
        sa.ForeignKeyConstraint(["reported_by"], ["people.id"], name=op.f("fk_actions_reported_by_people")),
        sa.ForeignKeyConstraint(["verified_by"], ["people.id"], name=op.f("fk_actions_verified_by_people")),
        sa.PrimaryKeyConstraint("audit_id", "number", name=op.f("pk_actions")),
    )
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.create_index("ix_actions_owner_id", ["owner_id", "state"], unique=False)
        batch_op.create_index(
            "ix_actions_remind_on",
            ["remind_on"],
            unique=False,
            sqlite_where=sa.text("remind_on IS NOT NULL"),
            postgresql_where=sa.text("remind_on IS NOT NULL"),
        )

    op.create_table(
        "escalations",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("plan_by", sa.Integer(), nullable=True),
        sa.Column("plan_at", Instant(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.Integer(), nullable=True),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_escalations_audit_id_audits")),
        sa.ForeignKeyConstraint(["opened_by"], ["people.id"], name=op.f("fk_escalations_opened_by_people")),
        sa.ForeignKeyConstraint(["plan_by"], ["people.id"], name=op.f("fk_escalations_plan_by_people")),
        sa.ForeignKeyConstraint(["resolved_by"], ["people.id"], name=op.f("fk_escalations_resolved_by_people")),
        sa.PrimaryKeyConstraint("audit_id", "number", name=op.f("pk_escalations")),
    )
    op.create_table(
        "history",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("move", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("escalation", sa.String(length=40), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_history_audit_id_audits")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_history_by_id_people")),
        sa.PrimaryKeyConstraint("audit_id", "number", name=op.f("pk_history")),
    )
    op.create_table(
        "remarks",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_remarks_audit_id_audits")),
        sa.PrimaryKeyConstraint("audit_id", "number", name=op.f("pk_remarks")),
    )
    op.create_table(
        "seals",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_seals_audit_id_audits")),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_seals_by_id_people")),
        sa.PrimaryKeyConstraint("audit_id", "edition", "part", name=op.f("pk_seals")),
    )
    op.create_table(
        "sections",
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_sections_audit_id_audits")),
        sa.PrimaryKeyConstraint("audit_id", "section", name=op.f("pk_sections")),
    )
    op.bulk_insert(sa.table("directory", sa.column("id"), sa.column("version")), [{"id": 1, "version": 1}])
    for table in KEPT:
        _keep(table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in KEPT:
            op.execute(f"DROP TRIGGER keep_{table} ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("sections")
    op.drop_table("seals")
    op.drop_table("remarks")
    op.drop_table("history")
    op.drop_table("escalations")
    with op.batch_alter_table("actions", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_actions_remind_on", sqlite_where=sa.text("remind_on IS NOT NULL"), postgresql_where=sa.text("remind_on IS NOT NULL")
        )
        batch_op.drop_index("ix_actions_owner_id")

    op.drop_table("actions")
    with op.batch_alter_table("audits", schema=None) as batch_op:
        batch_op.drop_index("ix_audits_team_manager_id")
        batch_op.drop_index("ix_audits_team")
        batch_op.drop_index("ix_audits_state")
        batch_op.drop_index("ix_audits_service_manager_id")
        batch_op.drop_index(
            "ix_audits_re_audit_prompt_on",
            sqlite_where=sa.text("re_audit_prompt_on IS NOT NULL"),
            postgresql_where=sa.text("re_audit_prompt_on IS NOT NULL"),
        )
        batch_op.drop_index("ix_audits_qaro_id")
        batch_op.drop_index("ix_audits_practitioner_id")
        batch_op.drop_index("ix_audits_moderator_id")
        batch_op.drop_index(
            "ix_audits_escalated",
            sqlite_where=sa.text("escalation_state IN ('open', 'acknowledged')"),
            postgresql_where=sa.text("escalation_state IN ('open', 'acknowledged')"),
        )
        batch_op.drop_index("ix_audits_child_id")
        batch_op.drop_index("ix_audits_auditor_id")

    op.drop_table("audits")
    op.drop_table("teams")
    op.drop_table("tokens")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_seen_at"))
        batch_op.drop_index(batch_op.f("ix_sessions_person_id"))

    op.drop_table("sessions")
    op.drop_table("services")
    with op.batch_alter_table("once", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_once_at"))

    op.drop_table("once")
    op.drop_table("duties")
    op.drop_table("ticks")
    op.drop_table("sweeps")
    op.drop_table("people")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_waiting", sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.drop_table("outbox")
    with op.batch_alter_table("notices", schema=None) as batch_op:
        batch_op.drop_index("ix_notices_recipient")

    op.drop_table("notices")
    op.drop_table("directory")
    op.drop_table("definitions")
    op.drop_table("branches")


def _keep(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME; END $$"
        )
        op.execute(f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )
