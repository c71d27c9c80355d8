"""Compare the logs with the chains over them, the audits with the list of them, and both with heads that were recorded elsewhere."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, RowMapping, or_, select, union

from workflow.history import NOTHING_BEFORE
from workflow.storage.log_chains import AUDITS, DIRECTORY, READ_LOG, TABLES, link_hash, linked_rows, row_digest, unlinked_rows
from workflow.storage.tables import audit_heads, audits, chain_links, chains, definitions, emergencies, history, notices, outbox, readings

NAMES: Mapping[str, str] = {AUDITS: "the list of audits", READ_LOG: "the read log", DIRECTORY: "the history of the directory"}
AT_ONCE = {"yield_per": 1_000}
Head = tuple[int, str]


def first_break(connection: Connection) -> str:
    """The first fault in a sentence without its full stop, or "" where everything is as it was written."""
    return next(_breaks(connection), "")


def heads(connection: Connection) -> Mapping[str, Head]:
    """By name: how many links each chain has, and the hash of the last. Each form, and the rules, are a chain of their versions."""
    logs = {row.name: (row.number, row.head) for row in connection.execute(select(chains))}
    kinds = connection.execute(select(definitions.c.kind).distinct()).scalars().all()
    return logs | {kind: (len(linked), linked[-1]) for kind in kinds if (linked := _definition_hashes(connection, kind))}


def head_at(connection: Connection, name: str, number: int) -> str:
    """What the hash of that link is now; "" where there is none."""
    if number == 0:
        return NOTHING_BEFORE
    if name not in TABLES:
        return dict(enumerate(_definition_hashes(connection, name), 1)).get(number, "")
    link = select(chain_links.c.hash).where(chain_links.c.chain == name, chain_links.c.number == number)
    return str(connection.execute(link).scalar() or "")


def recorded_audits(connection: Connection, newest: int | None) -> Mapping[str, Head]:
    """The number and hash of the last recorded row of history, by reference: of the audits recorded last, or of all."""
    last = select(audit_heads.c.reference, audit_heads.c.number, audit_heads.c.head).order_by(audit_heads.c.id.desc())
    rows = connection.execute(last.limit(newest) if newest else last).all()
    return {row.reference: (row[1], row.head) for row in reversed(rows)}


def hash_of_history(connection: Connection, reference: str, number: int) -> str:
    """The hash of a row of an audit’s history; "" where there is none."""
    row = select(history.c.hash).join(audits, audits.c.id == history.c.audit_id)
    return str(connection.execute(row.where(audits.c.reference == reference, history.c.number == number)).scalar() or "")


def references_between(connection: Connection, first: int, last: int) -> list[str]:
    """The audits that these links of the list of audits are about, each once."""
    linked = select(audit_heads.c.reference).join(chain_links, chain_links.c.row_id == audit_heads.c.id)
    between = linked.where(chain_links.c.chain == AUDITS, chain_links.c.number.between(first, last)).order_by(chain_links.c.number)
    return list(dict.fromkeys(connection.execute(between).scalars()))


def _breaks(connection: Connection) -> Iterator[str]:
    yield from _missing_audits(connection)
    for chain in TABLES:
        yield from _chain_breaks(connection, chain)
    yield from _unknown_audits(connection)
    yield from _stray_references(connection)


def _missing_audits(connection: Connection) -> Iterator[str]:
    """The recorded row of history must still be there, and so must its audit."""
    columns = (audit_heads.c.reference, audit_heads.c.number.label("row_number"), audits.c.reference.label("held"))
    recorded_row = (history.c.audit_id == audit_heads.c.audit_id) & (history.c.number == audit_heads.c.number)
    joined = audit_heads.outerjoin(audits, audits.c.id == audit_heads.c.audit_id).outerjoin(history, recorded_row)
    found = select(*columns).select_from(joined).where(
        or_(audits.c.reference.is_(None), audits.c.reference != audit_heads.c.reference, history.c.hash.is_(None), history.c.hash != audit_heads.c.head)
    )  # fmt: skip
    for row in connection.execute(found.order_by(audit_heads.c.id), execution_options=AT_ONCE):
        if row.held != row.reference:
            yield f"{row.reference}: the audit was started, but is missing"
        else:
            yield f"{row.reference}: row {row.row_number} of the history is not the one that was recorded"


def _chain_breaks(connection: Connection, chain: str) -> Iterator[str]:
    number, head, log = 0, NOTHING_BEFORE, NAMES[chain]
    for row in connection.execute(linked_rows(chain), execution_options=AT_ONCE).mappings():
        number += 1
        if row["link_number"] != number:
            yield f"Link {number} of {log} is missing"
        if row["id"] is None:
            yield f"Row {row['row_id']} of {log} is missing"
        if row["hash"] != link_hash(head, row_digest(chain, row["row_id"], row)):
            yield f"Row {row['row_id']} of {log} is not what was written"
        head = row["hash"]
    stored = connection.execute(select(chains.c.number, chains.c.head).where(chains.c.name == chain)).first()
    if stored is None or tuple(stored) != (number, head):
        yield f"{log[0].upper()}{log[1:]} ends at link {number}, but {stored[0] if stored else 'an unknown number of'} links were written"
    if unlinked := connection.execute(unlinked_rows(chain).limit(1)).first():
        yield f"Row {unlinked.id} of {log} has no link: it was not written by this version of the service"


def _unknown_audits(connection: Connection) -> Iterator[str]:
    unknown = select(audits.c.reference).outerjoin(audit_heads, audit_heads.c.audit_id == audits.c.id).where(audit_heads.c.id.is_(None))
    for reference in connection.execute(unknown.order_by(audits.c.id)).scalars():
        yield f"{reference}: the audit is not in the list of audits: it was not started by this version of the service"


def _stray_references(connection: Connection) -> Iterator[str]:
    """Somebody may ask in an emergency for an audit that does not exist: the reference is then in what they asked, and in what was sent."""
    named = union(*(select(table.c.reference).where(table.c.reference != "") for table in (readings, notices, outbox))).subquery()
    known = union(select(audits.c.reference), select(emergencies.c.reference)).subquery()
    stray = select(named.c.reference).outerjoin(known, known.c.reference == named.c.reference).where(known.c.reference.is_(None))
    for reference in connection.execute(stray.order_by(named.c.reference)).scalars():
        yield f"{reference}: there are readings or notices of the audit, but it is missing"


def _definition_hashes(connection: Connection, kind: str) -> list[str]:
    """A hash for each version, over it and those before."""
    found, previous = [], NOTHING_BEFORE
    versions = select(definitions).where(definitions.c.kind == kind).order_by(definitions.c.version)
    for row in connection.execute(versions).mappings():
        previous = _hash(kind, row, previous)
        found.append(previous)
    return found


def _hash(kind: str, row: RowMapping, previous: str) -> str:
    return hashlib.sha256(json.dumps([kind, row["version"], row["text"], previous]).encode()).hexdigest()
