"""Accounts, recovery codes, passkeys and failed sign-ins"""

import sqlalchemy as sa
from alembic import op

from workflow.storage.column_types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uniquifier", sa.String(length=64), comment="new with each password: links made for the old one are worth nothing"),
        sa.Column("handle", sa.String(length=64), comment="what an authenticator knows the person by"),
        sa.Column("totp", sa.Text(), comment="the secret behind the codes, enciphered"),
        sa.Column("totp_counter", sa.BigInteger(), comment="the last code taken: none is taken twice"),
        _person("accounts"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("uniquifier", name=op.f("uq_accounts_uniquifier")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="enciphered; gone once it is used"),
        _person("recovery_codes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    op.create_index(op.f("ix_recovery_codes_person_id"), "recovery_codes", ["person_id"])
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("used_at", Instant()),
        _person("passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_person_id"), "passkeys", ["person_id"])
    op.create_table(
        "failures",
        sa.Column("key", sa.String(length=64), nullable=False, comment="keyed digest of what is being tried, from where"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_failures")),
    )
    op.create_index("ix_failures_last_at", "failures", ["last_at"])
    op.create_table(
        "places",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False, comment="keyed digest of an address that the person has signed in from"),
        sa.Column("last_at", Instant(), nullable=False),
        _person("places"),
        sa.PrimaryKeyConstraint("person_id", "place", name=op.f("pk_places")),
    )
    op.add_column("sessions", sa.Column("browser", sa.String(length=300), nullable=False, server_default=""))
    locked = "enciphered, and gone once it is sent: what the mail’s one link opens"
    op.add_column("outbox", sa.Column("locked", sa.LargeBinary(), comment=locked))


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f(f"fk_{table}_person_id_people"))


def downgrade() -> None:
    op.drop_column("outbox", "locked")
    op.drop_column("sessions", "browser")
    for table in ("places", "failures", "passkeys", "recovery_codes", "accounts"):
        op.drop_table(table)
