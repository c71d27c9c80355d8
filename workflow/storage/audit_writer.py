"""Write a `Change` as SQL: what differs between before and after, in a transaction that the caller opens and commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from workflow.events import Notice
from workflow.models import Audit
from workflow.ports import AlreadyDone, Change, ConcurrentChange
from workflow.storage import bulk_statements, log_chains, row_mapping, tables
from workflow.storage.compiled_statements import execute, execute_each
from workflow.storage.engine import pipelined

CALL_WORKER = select(func.call_worker())
NO_DELAYS: Mapping[str, datetime] = {}
UNIQUE = ("key", "recipient")
FACTS, WAITS = ("key", "recipient", "event", "reference", "action", "due_on"), ("send_from", "next_attempt_at")
# Locked until the commit: on PostgreSQL a concurrent change of the directory would not be seen otherwise.
DIRECTORY_VERSION = select(tables.directory.c.version).with_for_update(read=True).scalar_subquery()
UPDATE_AUDIT = (
    update(tables.audits)
    .where(
        tables.audits.c.id == bindparam("the_id"),
        tables.audits.c.version == bindparam("seen"),
        bindparam("directory_seen") == DIRECTORY_VERSION,
    )
    .values(
        {
            name: bindparam(name)
            for name in (
                *row_mapping.PLAIN.values(),
                *row_mapping.HEADER,
                "child_key",
                "escalation_state",
                "history_count",
                "history_head",
                "form_key",
                "form_version",
                "content_digest",
            )
        }
    )
)
INSERT_AUDIT = insert(tables.audits).returning(tables.audits.c.id)
REMOVE_ACTION = delete(tables.actions).where(
    tables.actions.c.audit_id == bindparam("the_id"), tables.actions.c.number == bindparam("the_number")
)


def save(connection: Connection, change: Change) -> None:
    """Raise ConcurrentChange, before anything is written, if the audit or the directory has changed since the decision."""
    _claim_key(connection, change)
    audit_id = _save_audit(connection, change)
    with pipelined(connection):
        _save_sections(connection, audit_id, change)
        _save_actions(connection, audit_id, change)
        _save_escalation(connection, audit_id, change)
        _insert(connection, tables.history, [row_mapping.history_values(audit_id, row) for row in change.rows])
        remarks = change.remarks.items()
        _insert(connection, tables.remarks, [{"audit_id": audit_id, "number": number, "text": text} for number, text in remarks])
        _insert(connection, tables.seals, [{"audit_id": audit_id, **_plain(seal)} for seal in change.seals])
        enqueue_notices(connection, change.notices, change.at)
    if change.before is None:
        # Last, because the head of the chain stays locked until the commit.
        log_chains.record_start(connection, audit_id, change.after.reference, change.after.chain.count, change.after.chain.head)


def enqueue_notices(connection: Connection, notices: Sequence[Notice], at: datetime, send_from: Mapping[str, datetime] = NO_DELAYS) -> None:
    """Add a notice and an outbox row for each, once: the same notice again changes nothing. `send_from` delays the email of an event."""
    if notices:
        first_times = {event: send_from.get(event, at) for event in {notice.event for notice in notices}}
        waits = {event: (bulk_statements.as_json_value(first),) * len(WAITS) for event, first in first_times.items()}
        rows = bulk_statements.bulk_parameters((*_facts(notice), *waits[notice.event]) for notice in notices)
        execute(connection, _notice_once(connection), rows | {"at": at})
        statement = bulk_statements.insert_once(
            connection.dialect.name, tables.outbox, UNIQUE, (*FACTS, *WAITS), ("created_at", "state", "attempts")
        )
        execute(connection, statement, rows | {"created_at": at, "state": "waiting", "attempts": 0})
        if min(first_times.values()) <= at:
            call_worker(connection)


def call_worker(connection: Connection) -> None:
    """Where several workers share a queue, wake one of them when this transaction commits."""
    if connection.dialect.name == "postgresql":
        connection.execute(CALL_WORKER)


def new_outbox_values(at: datetime, send_from: datetime) -> row_mapping.Values:
    return {"created_at": at, "send_from": send_from, "state": "waiting", "attempts": 0, "next_attempt_at": send_from}


def add_notices(connection: Connection, notices: Sequence[Notice], at: datetime) -> None:
    execute(connection, _notice_once(connection), bulk_statements.bulk_parameters(map(_facts, notices)) | {"at": at})


def _notice_once(connection: Connection) -> Any:
    return bulk_statements.insert_once(connection.dialect.name, tables.notices, UNIQUE, FACTS, ("at",))


def upsert(connection: Connection, table: Table, keys: tuple[str, ...], values: list[row_mapping.Values]) -> None:
    if values:
        execute_each(connection, _upsert(connection.dialect.name, table, keys, frozenset(values[0])), values)


# Building a statement costs more than running it, so each is built once.
@cache
def _upsert(dialect: str, table: Table, keys: tuple[str, ...], columns: frozenset[str]) -> Any:
    statement = bulk_statements.INSERTS[dialect](table)
    return statement.on_conflict_do_update(index_elements=keys, set_={name: statement.excluded[name] for name in columns.difference(keys)})


@cache
def insert_once_statement(dialect: str, table: Table, keys: tuple[str, ...]) -> Any:
    return bulk_statements.INSERTS[dialect](table).on_conflict_do_nothing(index_elements=keys)


@cache
def _claim(dialect: str) -> Any:
    return insert_once_statement(dialect, tables.once, ("person_id", "key")).returning(tables.once.c.key)


@cache
def _plain_insert(table: Table) -> Any:
    return insert(table)


def _claim_key(connection: Connection, change: Change) -> None:
    if change.claim is None:
        return
    claim = change.claim
    values = {"person_id": claim.person_id, "key": claim.key, "digest": claim.digest, "answer": claim.answer, "at": change.at}
    if execute(connection, _claim(connection.dialect.name), values).first() is None:
        raise AlreadyDone


def _save_audit(connection: Connection, change: Change) -> int:
    values = row_mapping.audit_values(change.after)
    if change.before is None:
        if connection.execute(select(tables.directory.c.version).with_for_update(read=True)).scalar() != change.directory_version:
            raise ConcurrentChange
        return int(connection.execute(INSERT_AUDIT, values).scalar_one())
    assert change.before.id is not None, "an audit that was read has an id"
    seen = {"the_id": change.before.id, "seen": change.before.version, "directory_seen": change.directory_version}
    if execute(connection, UPDATE_AUDIT, values | seen).rowcount != 1:
        raise ConcurrentChange
    return change.before.id


def _save_sections(connection: Connection, audit_id: int, change: Change) -> None:
    before = change.before.sections if change.before else {}
    versions = change.after.section_versions
    written = [
        row_mapping.section_values(audit_id, section, versions.get(section, change.after.version), answers)
        for section, answers in change.after.sections.items()
        if before.get(section) is not answers
    ]
    upsert(connection, tables.sections, ("audit_id", "section"), written)


def _save_actions(connection: Connection, audit_id: int, change: Change) -> None:
    before: dict[int, object] = {action.number: action for action in change.before.actions} if change.before else {}
    written = [row_mapping.action_values(audit_id, action) for action in change.after.actions if before.get(action.number) is not action]
    upsert(connection, tables.actions, ("audit_id", "number"), written)
    removed = before.keys() - {action.number for action in change.after.actions}
    for number in removed:
        connection.execute(REMOVE_ACTION, {"the_id": audit_id, "the_number": number})


def _save_escalation(connection: Connection, audit_id: int, change: Change) -> None:
    escalation = change.after.escalation
    if escalation is None or escalation is _escalation_before(change.before):
        return
    upsert(connection, tables.escalations, ("audit_id", "number"), [row_mapping.escalation_values(audit_id, escalation)])
    known = change.before.escalated_to if change.before else frozenset()
    named = [{"audit_id": audit_id, "person_id": person_id} for person_id in sorted(change.after.escalated_to - known)]
    if named:
        execute_each(connection, insert_once_statement(connection.dialect.name, tables.escalated_to, ("person_id", "audit_id")), named)


def _escalation_before(before: Audit | None) -> object:
    return before.escalation if before else None


def _insert(connection: Connection, table: Table, values: list[row_mapping.Values]) -> None:
    if values:
        execute_each(connection, _plain_insert(table), values)


def _plain(seal: Any) -> row_mapping.Values:
    return {name: getattr(seal, name) for name in seal.__slots__}


def _facts(notice: Notice) -> tuple[Any, ...]:
    return notice.key, notice.recipient, notice.event, notice.reference, notice.action, notice.due_on
