"""One audit: its answers, actions, escalation, history and seals, and requests with an Idempotency-Key.

Rows are only ever added to histories and seals. The text of a reason is in `remarks`; the history holds its digest. So
the text can be disposed of, and the history stays complete.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    func,
    literal_column,
)

from workflow.storage.column_types import Instant, text_in_code_point_order
from workflow.storage.tables.metadata import index_where, metadata

audits = Table(
    "audits", metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", text_in_code_point_order(9), nullable=False, unique=True),
    Column("state", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("form_key", String(40), nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("auditor_id", ForeignKey("people.id"), nullable=False),
    Column("moderator_id", ForeignKey("people.id")),
    Column("judged_by", Integer, comment="the moderator whose own judgement was last sealed in this edition"),
    Column("team", ForeignKey("teams.code")),
    Column("practitioner_id", ForeignKey("people.id")),
    Column("team_manager_id", ForeignKey("people.id")),
    Column("service_manager_id", ForeignKey("people.id")),
    Column("qaro_id", ForeignKey("people.id")),
    Column("child_id", text_in_code_point_order(40)),
    Column("child_key", text_in_code_point_order(200), comment="of child_id; null where that is no ID"),
    Column("strand", String(40)),
    Column("audit_on", Date),
    Column("overall_grade", String(40)),
    Column("picked_because", String(200), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("share_by", Date, nullable=False),
    Column("shared_at", Instant),
    Column("moderated_at", Instant),
    Column("withdrawal_asked_by", ForeignKey("people.id")),
    Column("escalation_state", String(40), nullable=False),
    Column("history_count", Integer, nullable=False),
    Column("history_head", String(64), nullable=False),
    Column("re_audit_prompt_on", Date),
    Column("look_on", Date),
    Column("content_digest", String(80), comment="of everything stored of the audit, and the version it was made at"),
)  # fmt: skip
# Literals, not parameters: SQLite uses a partial index only if the query contains its exact condition.
IS_ESCALATED = audits.c.escalation_state != literal_column("'none'")
IS_UNRESOLVED = audits.c.escalation_state.in_([literal_column("'open'"), literal_column("'acknowledged'")])
index_where("ix_audits_escalated", audits.c.escalation_state, IS_UNRESOLVED)
index_where("ix_audits_ever_escalated", audits.c.team, IS_ESCALATED)
index_where("ix_audits_withdrawal_asked_by", audits.c.withdrawal_asked_by, audits.c.withdrawal_asked_by.is_not(None))
index_where("ix_audits_re_audit_prompt_on", audits.c.re_audit_prompt_on, audits.c.re_audit_prompt_on.is_not(None))
index_where("ix_audits_look_on", audits.c.look_on, audits.c.look_on.is_not(None))
Index("ix_audits_child_key", audits.c.child_key)
# The release before reads by these two. They go with the next.
Index("ix_audits_child_id", audits.c.child_id)
Index("ix_audits_child_id_lower", func.lower(audits.c.child_id))
for _column in (
    "state", "team", "overall_grade", "auditor_id", "moderator_id", "practitioner_id", "team_manager_id", "service_manager_id", "qaro_id"
):  # fmt: skip
    Index(f"ix_audits_{_column}", audits.c[_column], audits.c.id.desc())

# How many audits share what a list filters by. Triggers maintain the numbers: counting a million audits is too slow for a page.
tallies = Table(
    "tallies", metadata,
    Column("team", String(40), nullable=False),
    Column("state", String(40), nullable=False),
    Column("is_shared", Boolean, nullable=False),
    Column("is_escalated", Boolean, nullable=False),
    Column("number", Integer, nullable=False),
    PrimaryKeyConstraint("team", "state", "is_shared", "is_escalated"),
)  # fmt: skip

sections = Table(
    "sections", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("section", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("answers", Text, nullable=False),
    PrimaryKeyConstraint("audit_id", "section"),
)  # fmt: skip

actions = Table(
    "actions", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("section", SmallInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("owner_id", ForeignKey("people.id"), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("added_by", ForeignKey("people.id"), nullable=False),
    Column("added_on", Date, nullable=False),
    Column("state", String(40), nullable=False),
    Column("is_live", Boolean, nullable=False),
    Column("progress", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("reported_by", ForeignKey("people.id")),
    Column("completed_on", Date),
    Column("verified_by", ForeignKey("people.id")),
    Column("verified_on", Date),
    Column("note", Text, nullable=False),
    Column("earlier_due_dates", String(2000), nullable=False),
    Column("asked_due_on", Date),
    Column("asked_by", ForeignKey("people.id")),
    Column("asked_reason", Text, nullable=False),
    Column("remind_on", Date),
    PrimaryKeyConstraint("audit_id", "number"),
)  # fmt: skip
Index("ix_actions_owner_id", actions.c.owner_id, actions.c.state)
IS_UNSETTLED = actions.c.state.in_([literal_column("'open'"), literal_column("'reported'")])
index_where("ix_actions_reported_by", actions.c.reported_by, actions.c.reported_by.is_not(None))
index_where("ix_actions_remind_on", actions.c.remind_on, actions.c.remind_on.is_not(None))
index_where("ix_actions_unsettled", actions.c.due_on, IS_UNSETTLED)

escalations = Table(
    "escalations", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("edition", Integer, nullable=False),
    Column("source", String(40), nullable=False),
    Column("state", String(40), nullable=False),
    Column("opened_by", ForeignKey("people.id"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("plan_by", ForeignKey("people.id")),
    Column("plan_at", Instant),
    Column("resolution", Text, nullable=False),
    Column("resolved_by", ForeignKey("people.id")),
    Column("resolved_at", Instant),
    Column("recipients", Text, nullable=False),
    PrimaryKeyConstraint("audit_id", "number"),
)  # fmt: skip

escalated_to = Table(
    "escalated_to", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    PrimaryKeyConstraint("person_id", "audit_id"),
    Index("ix_escalated_to_audit_id", "audit_id"),
    comment="who was named in an escalation, or acknowledged one, until they leave",
)  # fmt: skip

IS_OF_AN_UNRESOLVED = escalations.c.state.in_([literal_column("'open'"), literal_column("'acknowledged'")])
index_where("ix_escalations_unresolved", escalations.c.opened_at, IS_OF_AN_UNRESOLVED)
index_where("ix_escalations_resolved_at", escalations.c.resolved_at, escalations.c.resolved_at.is_not(None))

history = Table(
    "history", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by_id", ForeignKey("people.id"), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("move", String(40), nullable=False),
    Column("from_state", String(40)),
    Column("to_state", String(40), nullable=False),
    Column("escalation", String(40), nullable=False),
    Column("facts", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("audit_id", "number"),
)  # fmt: skip

remarks = Table(
    "remarks", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("audit_id", "number"),
)  # fmt: skip

seals = Table(
    "seals", metadata,
    Column("audit_id", ForeignKey("audits.id"), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("part", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by_id", ForeignKey("people.id"), nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    PrimaryKeyConstraint("audit_id", "edition", "part"),
)  # fmt: skip

# The answer to a request that may be repeated, encrypted, for a day.
once = Table(
    "once", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("key", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("answer", Text),
    Column("at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("person_id", "key"),
)  # fmt: skip

# What somebody typed into a section that could not be saved then: offered to them alone, dropped once it is saved or refused, or is old.
unsaved = Table(
    "unsaved", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("reference", String(9), nullable=False),
    Column("section", String(40), nullable=False),
    Column("seen", Integer, nullable=False),
    Column("typed", JSON, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("person_id", "reference", "section"),
)  # fmt: skip

# What somebody posted when their session or the page's token had ended, by the page load that it came from: two tabs lose nothing to each other.
unsaved_forms = Table(
    "unsaved_forms", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("path", String(200), nullable=False),
    Column("opened", String(64), nullable=False),
    Column("page", String(200), nullable=False),
    Column("typed", JSON, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    PrimaryKeyConstraint("person_id", "path", "opened"),
)  # fmt: skip
