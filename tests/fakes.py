"""Fakes with the same behaviour as the real parts: the contract tests run against both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from workflow.directory import Directory
from workflow.events import Notice
from workflow.forms import Form
from workflow.history import Row
from workflow.models import Audit, Seal
from workflow.ports import AlreadyDone, Change, ConcurrentChange, EmergencyAccessRequest, ReadLogEntry


class FakeStore:
    """Everything in dictionaries; a save is all or nothing, and refused where something changed meanwhile."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.audits: dict[str, Audit] = {}
        self.rows: dict[str, list[Row]] = {}
        self.kept_seals: dict[str, list[Seal]] = {}
        self.told: dict[tuple[str, int | None], Notice] = {}
        self.sent: list[Notice] = []
        self.answers: dict[tuple[int, str], tuple[str, str]] = {}
        self.reasons: dict[str, dict[int, str]] = {}
        self.kept_readings: list[ReadLogEntry] = []
        self.emergencies: list[EmergencyAccessRequest] = []

    def audit(self, reference: str) -> Audit | None:
        return self.audits.get(reference)

    def shared_before(self, audit: Audit) -> int:
        others = (one for one in self.audits.values() if one.reference != audit.reference)
        return sum(one.auditor_id == audit.auditor_id and one.was_shared for one in others)

    def directory(self, at: datetime | None = None) -> Directory:
        let_in: dict[int, dict[str, int]] = {}
        for one in self.emergencies:
            if one.ends_at and at and at < one.ends_at:
                let_in.setdefault(one.asked_by, {})[one.reference] = one.id
        return replace(self._directory, emergencies=let_in) if let_in else self._directory

    def history(self, audit: Audit) -> tuple[Row, ...]:
        return tuple(self.rows.get(audit.reference, ()))

    def history_and_reasons(self, audit: Audit) -> tuple[tuple[Row, str | None], ...]:
        return tuple((row, self.reasons.get(audit.reference, {}).get(row.number)) for row in self.history(audit))

    def log_readings(self, readings: Sequence[ReadLogEntry]) -> None:
        self.kept_readings += readings

    def readings(self, reference: str, person_id: int) -> tuple[ReadLogEntry, ...]:
        return tuple(one for one in self.kept_readings if (one.reference, one.person_id) == (reference, person_id))

    def ask(self, emergency: EmergencyAccessRequest, notices: Sequence[Notice], most_open: int) -> bool:
        are_open = {one.reference for one in self.emergencies if one.answered_at is None and one.asked_by == emergency.asked_by}
        if emergency.reference not in are_open and len(are_open) < most_open:
            self.emergencies.append(replace(emergency, id=len(self.emergencies) + 1))
            self._tell(notices)
            return True
        return emergency.reference in are_open

    def emergency(self, emergency_id: int) -> EmergencyAccessRequest | None:
        return next((one for one in self.emergencies if one.id == emergency_id), None)

    def answer(self, emergency: EmergencyAccessRequest, notices: Sequence[Notice], directory_version: int) -> None:
        asked = self.emergencies[emergency.id - 1]
        if asked.answered_at or asked.asked_by == emergency.answered_by or directory_version != self._directory.version:
            raise ConcurrentChange
        self.emergencies[emergency.id - 1] = emergency
        if emergency.ends_at:
            self._directory = replace(self._directory, version=self._directory.version + 1)
        self._tell(notices)

    def _tell(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            if (notice.key, notice.recipient) not in self.told:
                self.told[notice.key, notice.recipient] = notice
                self.sent.append(notice)

    def seals(self, audit: Audit) -> tuple[Seal, ...]:
        return tuple(self.kept_seals.get(audit.reference, ()))

    def answer_to(self, person_id: int, key: str) -> tuple[str, str] | None:
        return self.answers.get((person_id, key))

    def save(self, change: Change) -> None:
        reference, claim = change.after.reference, change.claim
        if claim and (claim.person_id, claim.key) in self.answers:
            raise AlreadyDone
        stored = self.audits.get(reference)
        if change.directory_version != self._directory.version or (stored and stored.version) != (change.before and change.before.version):
            raise ConcurrentChange
        if claim:
            self.answers[claim.person_id, claim.key] = (claim.digest, claim.answer)
        self.audits[reference] = change.after
        self.rows.setdefault(reference, []).extend(change.rows)
        self.reasons.setdefault(reference, {}).update(change.remarks)
        self.kept_seals.setdefault(reference, []).extend(change.seals)
        self._tell(change.notices)


class FakeStoredForms:
    def __init__(self, form: Form) -> None:
        self.current = form

    def form(self, key: str, version: int) -> Form:
        assert (key, version) == (self.current.key, self.current.version)
        return self.current
