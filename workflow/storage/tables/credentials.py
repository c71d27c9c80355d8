"""How people sign in: the accounts of Flask-Security, passkeys, enrolment codes, proofs that were used, and failed attempts."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, String, Table, Text

from workflow.storage.column_types import Instant
from workflow.storage.tables.metadata import metadata

accounts = Table(
    "accounts", metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("uniquifier", String(64), unique=True, comment="new with each password: links made for the old one are worth nothing"),
    Column("handle", String(64), comment="what an authenticator knows the person by"),
    Column("passwords_off", Boolean, comment="neither a password nor a passkey signs them in; nor where a council account is linked"),
    Column("totp", Text, comment="the secret behind the codes, enciphered"),
    Column("totp_counter", BigInteger, comment="the last code taken: none is taken twice"),
    Column("links_from", Instant, comment="links emailed before are worth nothing"),
)  # fmt: skip

recovery_codes = Table(
    "recovery_codes", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("code", Text, nullable=False, comment="enciphered; gone once it is used"),
)  # fmt: skip

passkeys = Table(
    "passkeys", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("credential_id", String(1400), nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("transports", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("used_at", Instant),
)  # fmt: skip

failures = Table(
    "failures", metadata,
    Column("key", String(64), primary_key=True, comment="keyed digest of what is being tried, from where"),
    Column("tries", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("slots", JSON, comment="of a row that accounts share: how many failures, and when the last one was"),
)  # fmt: skip
Index("ix_failures_last_at", failures.c.last_at)

places = Table(
    "places", metadata,
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("place", String(64), nullable=False, comment="keyed digest of an address that the person has signed in from"),
    Column("last_at", Instant, nullable=False),
    Column("is_whole", Boolean, comment="empty where the password alone may have been given, before this was told apart"),
    PrimaryKeyConstraint("person_id", "place"),
)  # fmt: skip

enrolment_codes = Table(
    "enrolment_codes", metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False, comment="keyed; the row is gone once the code is used"),
    Column("made_at", Instant, nullable=False),
)  # fmt: skip

used_proofs = Table(
    "used_proofs", metadata,
    Column("digest", String(64), primary_key=True, comment="of a challenge or confirmation that has done its work: none works twice"),
    Column("used_at", Instant, nullable=False, index=True),
)  # fmt: skip
