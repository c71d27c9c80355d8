"""Write the chains over the logs: each link holds a hash of a row and of the link before (decision 62).

A writer locks the head of one chain, last, and holds it until its commit: two writers can’t deadlock, or give out a number twice.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    RowMapping,
    Select,
    String,
    Table,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from workflow.storage.compiled_statements import execute
from workflow.storage.engine import pipelined, read_transaction, write_transaction
from workflow.storage.tables import audit_heads, audits, chain_links, chains, directory_history, readings

READ_LOG, DIRECTORY, AUDITS = "readings", "directory_history", "audit_heads"
TABLES: Mapping[str, Table] = {AUDITS: audit_heads, READ_LOG: readings, DIRECTORY: directory_history}
# Named, and not all of them: a column that is added later is not in the hashes of earlier rows.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    READ_LOG: ("person_id", "by_name", "reference", "edition", "version", "door", "what", "at", "emergency_id"),
    DIRECTORY: ("at", "by_id", "by_name", "verb", "person_id", "unit", "facts"),
    AUDITS: ("audit_id", "reference", "number", "head"),
}
OF_CHAIN = chains.c.name == bindparam("of_chain")
LOCK_HEAD = select(chains.c.number).where(OF_CHAIN).with_for_update()
# Each column is refused where the chain has no head, because it may not be null.
ADD_LINK = insert(chain_links).values(
    chain=bindparam("of_chain"),
    number=select(chains.c.number).where(OF_CHAIN).scalar_subquery(),
    row_id=bindparam("linked"),
    hash=select(chains.c.head).where(OF_CHAIN).scalar_subquery(),
)
BATCH = 500
Values = Mapping[str, Any]


def append(connection: Connection, chain: str, rows: Sequence[Values]) -> None:
    """Insert rows into the table of this chain, and link them."""
    if rows:
        _link(connection, chain, list(zip(_insert(connection, chain, rows), rows, strict=True)))


def record_start(connection: Connection, audit_id: int, reference: str, number: int, head: str) -> None:
    append(connection, AUDITS, [{"audit_id": audit_id, "reference": reference, "number": number, "head": head}])


def link_unlinked(engine: Engine) -> Mapping[str, int]:
    """Link rows that have no link: those from before there were chains, and those of a process of the release before. Return how many."""
    return {chain: _in_batches(engine, chain) for chain in TABLES}


def record_heads(engine: Engine) -> None:
    """Record the history of each audit that has gone on since it was last recorded."""
    with read_transaction(engine) as connection:
        found = [dict(row) for row in connection.execute(_gone_on()).mappings()]
    for start in range(0, len(found), BATCH):
        with write_transaction(engine) as connection:
            append(connection, AUDITS, found[start : start + BATCH])


def link_hash(previous: str, digest: str) -> str:
    """As `_move_head` makes it in the database."""
    return hashlib.sha256(f"{previous}{digest}".encode()).hexdigest()


def row_digest(chain: str, row_id: int, row: Values | RowMapping) -> str:
    facts = [chain, row_id, *(_plain(row.get(name)) for name in COLUMNS[chain])]
    # Escaped, so that text that is no valid Unicode can be hashed too.
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def linked_rows(chain: str) -> Select[Any]:
    """Each link with its row, whose columns are None where it is missing, in the order of the links."""
    table = TABLES[chain]
    columns = (chain_links.c.number.label("link_number"), chain_links.c.row_id, chain_links.c.hash, table)
    joined = chain_links.outerjoin(table, table.c.id == chain_links.c.row_id)
    return select(*columns).select_from(joined).where(chain_links.c.chain == chain).order_by(chain_links.c.number)


def unlinked_rows(chain: str) -> Select[Any]:
    table = TABLES[chain]
    linked = and_(chain_links.c.chain == chain, chain_links.c.row_id == table.c.id)
    return select(table).outerjoin(chain_links, linked).where(chain_links.c.row_id.is_(None)).order_by(table.c.id)


def _in_batches(engine: Engine, chain: str) -> int:
    """One commit for each batch, so that other writers do not wait long."""
    done, last, identity = 0, 0, TABLES[chain].c.id
    while _has_unlinked(engine, chain, last):
        with write_transaction(engine) as connection:
            # Before looking: a writer of this version that has not linked its rows yet waits for the lock.
            execute(connection, LOCK_HEAD, {"of_chain": chain})
            waiting = unlinked_rows(chain).where(identity > last).limit(BATCH)
            rows = [dict(row) for row in connection.execute(waiting).mappings()]
            _link(connection, chain, [(row["id"], row) for row in rows])
        done, last = done + len(rows), rows[-1]["id"] if rows else last
    return done


def _has_unlinked(engine: Engine, chain: str, after: int) -> bool:
    with read_transaction(engine) as connection:
        return connection.execute(unlinked_rows(chain).where(TABLES[chain].c.id > after).limit(1)).first() is not None


def _gone_on() -> Select[Any]:
    recorded = select(audit_heads.c.audit_id, func.max(audit_heads.c.number).label("number")).group_by(audit_heads.c.audit_id).subquery()
    columns = (
        audits.c.id.label("audit_id"),
        audits.c.reference,
        audits.c.history_count.label("number"),
        audits.c.history_head.label("head"),
    )
    joined = select(*columns).outerjoin(recorded, recorded.c.audit_id == audits.c.id)
    return joined.where(or_(recorded.c.number.is_(None), recorded.c.number < audits.c.history_count)).order_by(audits.c.id)


def _insert(connection: Connection, chain: str, rows: Sequence[Values]) -> Iterable[int]:
    if len(rows) == 1:
        return [execute(connection, _insert_one(chain), rows[0]).scalar_one()]
    return connection.execute(_insert_many(chain), [dict(row) for row in rows]).scalars().all()


# Building a statement costs more than running it, so each is built once.
@cache
def _insert_one(chain: str) -> Any:
    return insert(TABLES[chain]).returning(TABLES[chain].c.id)


@cache
def _insert_many(chain: str) -> Any:
    return insert(TABLES[chain]).returning(TABLES[chain].c.id, sort_by_parameter_order=True)


def _link(connection: Connection, chain: str, rows: Sequence[tuple[int, Values]]) -> None:
    """The database makes the hashes, so that the head is locked for two statements and the commit, and no answer is waited for meanwhile."""
    links = [(row_id, row_digest(chain, row_id, row)) for row_id, row in rows]
    with pipelined(connection):
        for row_id, digest in links:
            execute(connection, _move_head(connection.dialect.name), {"of_chain": chain, "digest": digest})
            execute(connection, ADD_LINK, {"of_chain": chain, "linked": row_id})


@cache
def _move_head(dialect: str) -> Any:
    linked = chains.c.head + bindparam("digest", type_=String)
    in_postgresql = func.encode(func.sha256(func.convert_to(linked, literal_column("'UTF8'"))), literal_column("'hex'"))
    head = in_postgresql if dialect == "postgresql" else func.sha256_hex(linked)
    return update(chains).where(OF_CHAIN).values(number=chains.c.number + literal_column("1"), head=head)


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value
