"""Chains over the logs and the audits, and no way around the triggers of what is only ever added to"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CHAINS = ("audit_heads", "directory_history", "readings")
NEW = ("audit_heads", "chain_links", "definitions")
"""Tables that refuse UPDATE and DELETE from here on."""
KEYS = {
    "history": ("audit_id", "number"),
    "seals": ("audit_id", "edition", "part"),
    "definitions": ("kind", "version"),
    "directory_history": ("id",),
    "readings": ("id",),
    "audit_heads": ("id",),
    "chain_links": ("chain", "number"),
}
ALSO = {"chain_links": ("chain", "row_id")}


def upgrade() -> None:
    op.create_table(
        "chains",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the last link"),
        sa.Column("head", sa.String(length=64), nullable=False, comment="its hash"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_chains")),
    )
    op.create_table(
        "chain_links",
        sa.Column("chain", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False, comment="of the row and of the hash before"),
        sa.ForeignKeyConstraint(["chain"], ["chains.name"], name=op.f("fk_chain_links_chain_chains")),
        sa.PrimaryKeyConstraint("chain", "number", name=op.f("pk_chain_links")),
        sa.UniqueConstraint("chain", "row_id", name=op.f("uq_chain_links_chain_row_id")),
        comment="only ever added to",
    )
    op.create_table(
        "audit_heads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=9), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="of a row of the audit’s history"),
        sa.Column("head", sa.String(length=64), nullable=False, comment="the hash of that row"),
        sa.ForeignKeyConstraint(["audit_id"], ["audits.id"], name=op.f("fk_audit_heads_audit_id_audits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_heads")),
        comment="each audit as it starts, and its history as of each checkpoint; only ever added to",
    )
    op.create_index(op.f("ix_audit_heads_audit_id"), "audit_heads", ["audit_id"])
    chains = sa.table("chains", *map(sa.column, ("name", "number", "head")))
    op.bulk_insert(chains, [{"name": name, "number": 0, "head": "0" * 64} for name in CHAINS])
    for table in NEW:
        _refuse_changes(table)
    if op.get_bind().dialect.name == "sqlite":
        for table in KEYS:
            _refuse_replacing(table)


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER keep_{table} BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER keep_{table}_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
        )


def _refuse_replacing(table: str) -> None:
    """On SQLite REPLACE removes a row without a DELETE trigger, unless the connection has recursive_triggers on.

    A row is found by each of its keys, and by SQLite’s own `rowid`, which a statement may name too.
    """
    exists = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{key} = NEW.{key}' for key in keys)})"  # noqa: S608 (names from above)
        for keys in (KEYS[table], ALSO.get(table), ("rowid",))
        if keys
    )
    op.execute(
        f"CREATE TRIGGER keep_{table}_insert BEFORE INSERT ON {table} WHEN {exists} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER keep_definitions ON definitions")
    else:
        for trigger in ("keep_definitions_update", "keep_definitions_delete", *(f"keep_{table}_insert" for table in KEYS)):
            op.execute(f"DROP TRIGGER {trigger}")
    for table in ("audit_heads", "chain_links", "chains"):
        op.drop_table(table)
