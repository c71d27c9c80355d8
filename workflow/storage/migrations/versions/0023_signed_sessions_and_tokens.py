"""Signatures of sessions, access tokens and calendar addresses: those of before are signed here, except sessions, which end"""

import hmac
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from workflow.storage.column_types import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SIGNATURE = "by a key of SECRET_KEY, so that a row made up in the database gives no access"
INSTANTS = {"created_at": Instant(), "ends_at": Instant()}
SIGNED = {"tokens": ("digest", "person_id", "scope", "created_at", "ends_at", "proof"), "calendars": ("digest", "person_id", "proof")}


def upgrade() -> None:
    for table in ("sessions", *SIGNED):
        op.add_column(table, sa.Column("signature", sa.String(64), nullable=True, comment=SIGNATURE))
    for name, key in context.config.attributes.get("keys", {}).items():
        _sign(name, key)


def downgrade() -> None:
    for table in ("sessions", *SIGNED):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("signature")


def _sign(name: str, key: bytes) -> None:
    table = sa.table(name, sa.column("signature"), *(sa.column(column, INSTANTS.get(column)) for column in SIGNED[name]))
    connection = op.get_bind()
    for row in connection.execute(sa.select(table)).all():
        facts = json.dumps([row._mapping[column] for column in SIGNED[name]], default=_as_text, sort_keys=True)
        made = hmac.digest(key, facts.encode(), "sha256").hex()
        connection.execute(sa.update(table).where(table.c.digest == row.digest).values(signature=made))


def _as_text(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat(timespec="microseconds")
