"""Implements `Store`: audits, their histories and the directory, over one engine."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine, and_, bindparam, func, select

from workflow.directory import Directory
from workflow.errors import DatabaseUnavailable, ReadLogUnavailable
from workflow.events import Notice
from workflow.history import Row
from workflow.models import Audit, Escalation, Seal
from workflow.ports import Change, EmergencyAccessRequest, ReadLogEntry
from workflow.storage import audit_writer, emergency_access, log_chains, row_mapping, tables
from workflow.storage.audit_reader import read_audit, read_audit_rows
from workflow.storage.database_errors import refusal_of
from workflow.storage.directory_reader import read_directory
from workflow.storage.directory_writer import DirectoryWriter
from workflow.storage.engine import DatabaseError, read_statement, read_transaction, write_transaction

HISTORY = select(tables.history).where(tables.history.c.audit_id == bindparam("audit_id")).order_by(tables.history.c.number)
HISTORY_AND_REASONS = (
    select(tables.history, tables.remarks.c.text)
    .outerjoin(
        tables.remarks, and_(tables.remarks.c.audit_id == tables.history.c.audit_id, tables.remarks.c.number == tables.history.c.number)
    )
    .where(tables.history.c.audit_id == bindparam("audit_id"))
    .order_by(tables.history.c.number)
)
DIRECTORY_VERSION = select(tables.directory.c.version)
REMARKS = select(tables.remarks.c.number, tables.remarks.c.text).where(tables.remarks.c.audit_id == bindparam("audit_id"))
EARLIER_ESCALATIONS = (
    select(*(tables.escalations.c[name].label(f"opening_{name}") for name in row_mapping.OPENING))
    .where(tables.escalations.c.audit_id == bindparam("audit_id"), tables.escalations.c.number < bindparam("latest"))
    .order_by(tables.escalations.c.number)
)
SEALS = select(tables.seals).where(tables.seals.c.audit_id == bindparam("audit_id")).order_by(tables.seals.c.edition)


class SqlStore:
    def __init__(self, engine: Engine, next_up: Mapping[str, tuple[str, ...]]) -> None:
        self.engine = engine
        self._next_up = next_up
        self._directory: Directory | None = None

    def audit(self, reference: str) -> Audit | None:
        with read_statement(self.engine) as connection:
            return read_audit(connection, reference)

    def shared_before(self, audit: Audit) -> int:
        by_auditor = (tables.audits.c.auditor_id == audit.auditor_id, tables.audits.c.shared_at.is_not(None))
        counted = select(func.count()).where(*by_auditor, tables.audits.c.reference != audit.reference)
        with read_statement(self.engine) as connection:
            return int(connection.execute(counted).scalar_one())

    def audit_rows(self, references: Collection[str]) -> Mapping[str, row_mapping.Stored]:
        """By reference, for `audit_reader.audit_of`."""
        with read_statement(self.engine) as connection:
            return read_audit_rows(connection, references)

    def save(self, change: Change) -> None:
        with write_transaction(self.engine) as connection:
            audit_writer.save(connection, change)

    @contextmanager
    def changing(self, directory_version: int, at: datetime) -> Iterator[DirectoryWriter]:
        """One commit at the end; raises ConcurrentChange if the directory has another version."""
        with write_transaction(self.engine) as connection:
            yield DirectoryWriter(connection, directory_version, at, self._next_up)

    def directory(self, at: datetime | None = None) -> Directory:
        """As of `at`, or now. Read again only if its version has changed, or something in it has started or ended since."""
        at = at or datetime.now(UTC)
        with read_statement(self.engine) as connection:
            version = connection.execute(DIRECTORY_VERSION).scalar_one()
        directory = self._directory
        if directory is None or directory.version != version or not directory.is_true_at(at):
            with read_transaction(self.engine) as connection:
                version = connection.execute(DIRECTORY_VERSION).scalar_one()
                directory = self._directory = read_directory(connection, version, at, self._next_up)
        return directory

    def history(self, audit: Audit) -> tuple[Row, ...]:
        with read_transaction(self.engine) as connection:
            return tuple(row_mapping.history_row(row) for row in connection.execute(HISTORY, {"audit_id": audit.id}))

    def remarks(self, audit: Audit) -> dict[int, str]:
        """The reasons given, by history number."""
        with read_transaction(self.engine) as connection:
            return {row.number: row.text for row in connection.execute(REMARKS, {"audit_id": audit.id})}

    def history_and_reasons(self, audit: Audit) -> tuple[tuple[Row, str | None], ...]:
        with read_transaction(self.engine) as connection:
            return tuple(
                (row_mapping.history_row(row), row.text) for row in connection.execute(HISTORY_AND_REASONS, {"audit_id": audit.id})
            )

    def log_readings(self, readings: Sequence[ReadLogEntry]) -> None:
        """Raises ReadLogUnavailable if the read log can’t be written, so that nothing is shown; DatabaseError if the database is unavailable."""
        try:
            with write_transaction(self.engine) as connection:
                log_chains.append(
                    connection, log_chains.READ_LOG, [{name: getattr(one, name) for name in ReadLogEntry.__slots__} for one in readings]
                )
        except DatabaseError as error:
            if isinstance(refusal_of(error), DatabaseUnavailable):
                raise
            raise ReadLogUnavailable from error

    def readings(self, reference: str, person_id: int) -> tuple[ReadLogEntry, ...]:
        columns = [tables.readings.c[name] for name in ReadLogEntry.__slots__]
        of_person = (tables.readings.c.reference == reference, tables.readings.c.person_id == person_id)
        with read_statement(self.engine) as connection:
            return tuple(ReadLogEntry(*row) for row in connection.execute(select(*columns).where(*of_person)))

    def ask(self, emergency: EmergencyAccessRequest, notices: Sequence[Notice], most_open: int) -> bool:
        with write_transaction(self.engine) as connection:
            return emergency_access.ask(connection, emergency, notices, most_open)

    def emergency(self, emergency_id: int) -> EmergencyAccessRequest | None:
        with read_transaction(self.engine) as connection:
            return emergency_access.read(connection, emergency_id)

    def answer(self, emergency: EmergencyAccessRequest, notices: Sequence[Notice], directory_version: int) -> None:
        """Raises ConcurrentChange if it is answered already, by the person who asked, or on an older directory."""
        with write_transaction(self.engine) as connection:
            emergency_access.answer(connection, emergency, notices, directory_version)

    def seals(self, audit: Audit) -> tuple[Seal, ...]:
        with read_transaction(self.engine) as connection:
            return tuple(
                Seal(*(row._mapping[name] for name in Seal.__slots__)) for row in connection.execute(SEALS, {"audit_id": audit.id})
            )

    def earlier_escalations(self, audit: Audit) -> tuple[Escalation, ...]:
        """Those before its latest one."""
        if audit.escalation is None:
            return ()
        with read_transaction(self.engine) as connection:
            found = connection.execute(EARLIER_ESCALATIONS, {"audit_id": audit.id, "latest": audit.escalation.number})
            return tuple(row_mapping.escalation_of(row) for row in found)

    def answer_to(self, person_id: int, key: str) -> tuple[str, str] | None:
        """What was answered under an Idempotency-Key: the request's digest and the answer."""
        stored = select(tables.once.c.digest, tables.once.c.answer).where(tables.once.c.person_id == person_id, tables.once.c.key == key)
        with read_transaction(self.engine) as connection:
            found = connection.execute(stored).first()
        return (found.digest, found.answer) if found else None
