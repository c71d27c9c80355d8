"""Notices in the service, emails to send, and when the worker last ran."""

from sqlalchemy import (  # fmt: skip
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    literal_column,
    text,
)

from workflow.storage.column_types import Instant
from workflow.storage.tables.metadata import index_where, metadata

notices = Table(
    "notices", metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False),
    Column("recipient", Integer, nullable=False),
    Column("event", String(40), nullable=False),
    Column("reference", String(9), nullable=False),
    Column("action", Integer),
    Column("due_on", Date),
    Column("at", Instant, nullable=False),
    Column("read_at", Instant),
    UniqueConstraint("key", "recipient"),
    comment="recipient is a person, or 0 for the QA inbox",
)  # fmt: skip
Index("ix_notices_recipient", notices.c.recipient, notices.c.id.desc())

outbox = Table(
    "outbox", metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(200), nullable=False),
    Column("recipient", Integer, nullable=False),
    Column("event", String(40), nullable=False),
    Column("reference", String(9), nullable=False),
    Column("action", Integer),
    Column("due_on", Date),
    Column("created_at", Instant, nullable=False),
    Column("send_from", Instant, nullable=False, comment="not sent before, and given up three days after"),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("leased_until", Instant),
    Column("leased_by", String(40)),
    Column("message_id", String(200)),
    Column("sent_to", String(254)),
    Column("body", LargeBinary),
    Column("sent_at", Instant),
    Column("last_error", String(200)),
    Column("locked", LargeBinary, comment="enciphered, and gone once it is sent: what the mail’s one link opens"),
    Column("detail", String(100), comment="what an email about an account says besides, like the name of a browser"),
    Column("settled_at", Instant, comment="when somebody saw to what could not be delivered"),
    Column("settled_by", Integer),
    UniqueConstraint("key", "recipient"),
)  # fmt: skip
Index(
    "ix_outbox_waiting",
    outbox.c.next_attempt_at,
    outbox.c.id,
    sqlite_where=text("state = 'waiting'"),
    postgresql_where=text("state = 'waiting'"),
)

# Literals, not parameters, as in every partial index.
index_where(
    "ix_outbox_waiting_in_order", (outbox.c.recipient, outbox.c.reference, outbox.c.id), outbox.c.state == literal_column("'waiting'")
)
IS_UNDELIVERED = (outbox.c.state == literal_column("'dead'")) & outbox.c.settled_at.is_(None)
index_where("ix_outbox_undelivered", outbox.c.id, IS_UNDELIVERED)
IS_OF_AN_ESCALATION = outbox.c.event.in_(
    [literal_column(f"'{event}'") for event in ("escalation_opened", "escalation_not_acknowledged", "escalation_passed_up")]
)
index_where("ix_outbox_of_escalations", outbox.c.reference, IS_OF_AN_ESCALATION)

sweeps = Table(
    "sweeps", metadata,
    Column("sweep", String(40), nullable=False),
    Column("slot", String(40), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("sweep", "slot"),
)  # fmt: skip

ticks = Table("ticks", metadata, Column("worker", String(40), primary_key=True), Column("at", Instant, nullable=False))
