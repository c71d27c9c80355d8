"""Verify every history: the chain is intact, leads to what is stored, and what readers are shown is what was sealed and saved."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from web.cli.queries import fetch_references, fetch_version
from web.council import Council
from workflow.storage.audit_reader import audit_of
from workflow.storage.form_versions import rules_since
from workflow.verification import StoredAudit, find_faults
from workflow.workflow_config import Rules

TRIES = 20
# Its message may quote what is stored.
UNREADABLE = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@dataclass
class Verification:
    """One run over the audits of a council. Use each once."""

    council: Council
    saved_by_an_older_release: list[str] = field(default_factory=list)
    """References of audits of which drafts could not be compared: see docs/operating.md, Upgrading."""
    _rules: dict[int, tuple[Rules, ...]] = field(default_factory=dict)

    def find_breaks(self, references: Iterable[str]) -> Iterator[str]:
        """Yield the first break of each audit that has one, in a sentence."""
        for reference in references:
            if found := self._find_break(reference):
                yield f"{reference}: {found}."

    def _find_break(self, reference: str) -> str:
        """Look again where the audit changed while it was read: the service goes on meanwhile."""
        found = ""
        for _ in range(TRIES):
            before = fetch_version(self.council.engine, reference)
            found = self._first_fault(reference)
            if not found or fetch_version(self.council.engine, reference) == before:
                break
        return found

    def _first_fault(self, reference: str) -> str:
        try:
            stored = _read(self.council, reference)
            if stored is None:
                return "it was here when the verification began, and is gone"
            found = next(find_faults(stored, self._rules_since(stored.audit.rules_version)), "")
        except UNREADABLE:
            return "what is stored of it is not what was written: it can’t be read"
        if not found and stored.was_saved_by_an_older_release:
            self.saved_by_an_older_release.append(stored.audit.reference)
        return found

    def _rules_since(self, version: int) -> tuple[Rules, ...]:
        """None where that version is not stored."""
        if version not in self._rules:
            try:
                self._rules[version] = rules_since(self.council.engine, version)
            except LookupError:
                self._rules[version] = ()
        return self._rules[version]


def list_references(council: Council) -> list[str]:
    return fetch_references(council.engine)


def find_first_break(council: Council, references: Iterable[str]) -> str:
    """Return the first break in a sentence, or "" if everything is as it was written."""
    return next(Verification(council).find_breaks(references), "")


def _read(council: Council, reference: str) -> StoredAudit | None:
    row = council.store.audit_rows([reference]).get(reference)
    if row is None:
        return None
    audit, store = audit_of(row), council.store
    return StoredAudit(
        audit,
        row.escalation_state,
        row.child_key,
        row.content_digest,
        store.earlier_escalations(audit),
        store.history(audit),
        store.remarks(audit),
        store.seals(audit),
    )
