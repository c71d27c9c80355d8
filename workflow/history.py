"""A history in which a change shows: numbered without gaps, each row with the hash of the row before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

NOTHING_BEFORE = "0" * 64


@dataclass(frozen=True, slots=True)
class Chain:
    """The number of rows, and the hash of the last."""

    count: int = 0
    head: str = NOTHING_BEFORE


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Who did what, from where to where. `facts` holds no text of a case, only digests of it."""

    at: datetime
    by_id: int
    by_name: str
    move: str
    from_state: str | None
    to_state: str
    escalation: str
    facts: str


@dataclass(frozen=True, slots=True)
class Row:
    number: int
    entry: HistoryEntry
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class IntegrityError:
    number: int
    sentence: str


def facts_of(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if facts else "{}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def link(chain: Chain, reference: str, entry: HistoryEntry) -> tuple[Row, Chain]:
    """The next row, and the chain that ends with it."""
    number = chain.count + 1
    hashed = _hash(reference, number, entry, chain.head)
    return Row(number, entry, chain.head, hashed), Chain(number, hashed)


def first_break(reference: str, rows: Iterable[Row], stored: Chain) -> IntegrityError | None:
    """The first fault of a history, or None where it is intact and ends as `stored` says."""
    chain = Chain()
    for row in rows:
        expected, chain = link(chain, reference, row.entry)
        if row.number != expected.number:
            return IntegrityError(expected.number, f"row {expected.number} is missing")
        if (row.previous, row.hash) != (expected.previous, expected.hash):
            return IntegrityError(row.number, f"row {row.number} is not what was written")
    if chain != stored:
        return IntegrityError(chain.count + 1, f"the history ends at row {chain.count}, but {stored.count} rows were written")
    return None


def _hash(reference: str, number: int, h: HistoryEntry, previous: str) -> str:
    parts = (reference, number, h.at.isoformat(), h.by_id, h.by_name, h.move, h.from_state, h.to_state, h.escalation, h.facts, previous)
    return hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
