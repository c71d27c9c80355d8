"""Council accounts: which one is whose, and which are expected."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, UniqueConstraint

from workflow.storage.column_types import Instant
from workflow.storage.tables.metadata import metadata

identities = Table(
    "identities", metadata,
    Column("id", Integer, primary_key=True),
    Column("issuer", String(300), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("linked_at", Instant, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    UniqueConstraint("issuer", "subject"),
    UniqueConstraint("issuer", "person_id"),
)  # fmt: skip

expected_accounts = Table(
    "expected_accounts", metadata,
    Column("id", Integer, primary_key=True),
    Column("issuer", String(300), nullable=False),
    Column("sign_in_name", String(254), nullable=False, comment="in lower case; the row is gone once it is linked"),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("ends_at", Instant, nullable=False),
    UniqueConstraint("issuer", "sign_in_name"),
    UniqueConstraint("issuer", "person_id"),
)  # fmt: skip

# Only the version before writes it; a later one drops it.
sign_in_attempts = Table(
    "sign_in_attempts", metadata,
    Column("digest", String(64), primary_key=True, comment="of the browser’s secret and the state together"),
    Column("nonce", String(64), nullable=False),
    Column("verifier", String(128), nullable=False),
    Column("after", String(2000), nullable=False),
    Column("begun_at", Instant, nullable=False, index=True),
)  # fmt: skip
