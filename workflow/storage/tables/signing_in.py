"""Failed tries to sign in, and from where somebody has signed in before: digests, no addresses."""

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from workflow.storage.tables.naming import metadata
from workflow.storage.types import Instant

sign_in_failures = Table(
    "sign_in_failures", metadata,
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)  # fmt: skip

known_places = Table(
    "known_places", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("place", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "place"),
)  # fmt: skip
