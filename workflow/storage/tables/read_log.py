"""The read log: one row each time case text is shown, written before it is sent. Rows are only ever added."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from workflow.storage.column_types import Instant
from workflow.storage.tables.metadata import metadata

readings = Table(
    "readings", metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), comment="null for the command line"),
    Column("by_name", String(200), nullable=False),
    Column("reference", String(9), nullable=False),
    Column("edition", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("door", String(10), nullable=False),
    Column("what", String(100), nullable=False),
    Column("at", Instant, nullable=False),
    Column("emergency_id", ForeignKey("emergencies.id")),
)  # fmt: skip
Index("ix_readings_reference", readings.c.reference, readings.c.id.desc())
Index("ix_readings_person_id", readings.c.person_id, readings.c.id.desc())
Index("ix_readings_at", readings.c.at)
