"""Chains over the logs, so that a row changed, removed, inserted or moved shows; and which audits there are (decision 62).

The links are apart from the rows they cover: a process of the release before writes rows without, and they are linked later.
"""

from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, String, Table, UniqueConstraint

from workflow.storage.tables.metadata import metadata

chains = Table(
    "chains", metadata,
    Column("name", String(20), primary_key=True),
    Column("number", Integer, nullable=False, comment="of the last link"),
    Column("head", String(64), nullable=False, comment="its hash"),
)  # fmt: skip

chain_links = Table(
    "chain_links", metadata,
    Column("chain", ForeignKey("chains.name"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("row_id", Integer, nullable=False),
    Column("hash", String(64), nullable=False, comment="of the row and of the hash before"),
    PrimaryKeyConstraint("chain", "number"),
    UniqueConstraint("chain", "row_id"),
    comment="only ever added to",
)  # fmt: skip

audit_heads = Table(
    "audit_heads", metadata,
    Column("id", Integer, primary_key=True),
    Column("audit_id", ForeignKey("audits.id"), nullable=False, index=True),
    Column("reference", String(9), nullable=False),
    Column("number", Integer, nullable=False, comment="of a row of the audit’s history"),
    Column("head", String(64), nullable=False, comment="the hash of that row"),
    comment="each audit as it starts, and its history as of each checkpoint; only ever added to",
)  # fmt: skip
