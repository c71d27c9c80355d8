"""The tables. Lists are read by index: each list names the index it reads by."""

from workflow.storage.tables.audits import (
    IS_ESCALATED,
    IS_UNRESOLVED,
    IS_UNSETTLED,
    actions,
    audits,
    escalations,
    history,
    once,
    remarks,
    seals,
    sections,
    tallies,
    unsaved,
)  # fmt: skip
from workflow.storage.tables.council import branches, definitions, directory, duties, people, services, sessions, teams, tokens
from workflow.storage.tables.naming import metadata
from workflow.storage.tables.telling import notices, outbox, sweeps, ticks

__all__ = [
    "IS_ESCALATED",
    "IS_UNRESOLVED",
    "IS_UNSETTLED",
    "actions",
    "audits",
    "branches",
    "definitions",
    "directory",
    "duties",
    "escalations",
    "history",
    "metadata",
    "notices",
    "once",
    "outbox",
    "people",
    "remarks",
    "seals",
    "sections",
    "services",
    "sessions",
    "sweeps",
    "tallies",
    "teams",
    "ticks",
    "tokens",
    "unsaved",
]
