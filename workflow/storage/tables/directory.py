"""Who is who: posts, people, how they come in, and each version of the rules and forms they work under."""

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
)

from workflow.storage.column_types import Instant, text_in_code_point_order
from workflow.storage.tables.metadata import index_where, metadata

directory = Table(
    "directory", metadata,
    Column("id", SmallInteger, primary_key=True),
    Column("version", Integer, nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)  # fmt: skip

branches = Table("branches", metadata, Column("code", String(40), primary_key=True), Column("name", String(200), nullable=False))

services = Table(
    "services", metadata,
    Column("code", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("branch", ForeignKey("branches.code"), nullable=False),
)  # fmt: skip

teams = Table(
    "teams", metadata,
    Column("code", String(40), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("service", ForeignKey("services.code"), nullable=False),
)  # fmt: skip

people = Table(
    "people", metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("password_hash", String(200)),
)  # fmt: skip

duties = Table(
    "duties", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("role", String(40), nullable=False),
    Column("scope", String(40), nullable=False, default=""),
    Column("is_deputy", Boolean, nullable=False, default=False),
    PrimaryKeyConstraint("person_id", "role", "scope", "is_deputy"),
)  # fmt: skip

memberships = Table(
    "memberships", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("unit", String(40), nullable=False, comment="the code of a team or a service"),
    PrimaryKeyConstraint("person_id", "unit"),
)  # fmt: skip

delegations = Table(
    "delegations", metadata,
    Column("id", Integer, primary_key=True),
    Column("from_person", ForeignKey("people.id"), nullable=False, index=True),
    Column("to_person", ForeignKey("people.id"), nullable=False, index=True),
    Column("role", String(40), nullable=False),
    Column("scope", String(40), nullable=False, default=""),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("given_by", ForeignKey("people.id"), nullable=False),
    Column("given_at", Instant, nullable=False),
)  # fmt: skip

connections = Table(
    "connections", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("child_id", text_in_code_point_order(40), nullable=False, comment="folded"),
    # The release before compares the one above.
    Column("typed_as", text_in_code_point_order(40)),
    Column("declared_by", ForeignKey("people.id"), nullable=False),
    Column("declared_at", Instant, nullable=False),
    Column("ended_by", ForeignKey("people.id")),
    Column("ended_at", Instant),
)  # fmt: skip

# At most one for each person. Only a digest of the address is stored.
PROOF = "the second factor given when it was made; empty: none; null: made before this was stored"
SIGNATURE = "by a key of SECRET_KEY, so that a row made up in the database gives no access"

calendars = Table(
    "calendars", metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("made_at", Instant, nullable=False),
    Column("proof", String(20), comment=PROOF),
    Column("signature", String(64), comment=SIGNATURE),
)  # fmt: skip

emergencies = Table(
    "emergencies", metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", String(9), nullable=False, comment="as asked for, whether or not there is such an audit"),
    Column("asked_by", ForeignKey("people.id"), nullable=False, index=True),
    Column("asked_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("answered_by", ForeignKey("people.id")),
    Column("answered_at", Instant),
    Column("ends_at", Instant, comment="where it was granted"),
)  # fmt: skip
index_where("ix_emergencies_waiting", emergencies.c.asked_at, emergencies.c.answered_at.is_(None))

requests = Table(
    "requests", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("role", String(40), nullable=False),
    Column("scope", String(40), nullable=False),
    Column("is_deputy", Boolean, nullable=False),
    Column("from_person", ForeignKey("people.id"), comment="of a delegation, as are its times"),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("asked_by", ForeignKey("people.id"), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answered_by", ForeignKey("people.id")),
    Column("answered_at", Instant),
    Column("is_granted", Boolean),
    Column("new_email", String(254), comment="of a change of address; the role is empty then"),
    comment="what a second person must agree to",
)  # fmt: skip

directory_history = Table(
    "directory_history", metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("by_id", ForeignKey("people.id"), comment="nobody where it was done on the command line"),
    Column("by_name", String(200), nullable=False),
    Column("verb", String(40), nullable=False),
    Column("person_id", ForeignKey("people.id"), index=True),
    Column("unit", String(40)),
    Column("facts", JSON, nullable=False),
    comment="only ever added to",
)  # fmt: skip

tokens = Table(
    "tokens", metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("scope", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("used_at", Instant, comment="to the minute"),
    Column("revoked_at", Instant),
    Column("proof", String(20), comment=PROOF),
    Column("signature", String(64), comment=SIGNATURE),
)  # fmt: skip

sessions = Table(
    "sessions", metadata,
    Column("digest", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id"), index=True),
    Column("content", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
    Column("browser", String(300), nullable=False, default=""),
    Column("signature", String(64), comment=SIGNATURE),
)  # fmt: skip

definitions = Table(
    "definitions", metadata,
    Column("kind", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("text", Text, nullable=False),
    PrimaryKeyConstraint("kind", "version"),
)  # fmt: skip
