"""Verifying every history: the chain is intact and ends as stored, leads to the stored state, and matches the seals."""

import json
from collections.abc import Iterable

from web.cli.queries import fetch_references
from web.council import Council
from workflow import history
from workflow.models import Audit
from workflow.replay import replay
from workflow.storage.form_versions import rules_since


def list_references(council: Council) -> list[str]:
    return fetch_references(council.engine)


def find_first_break(council: Council, references: Iterable[str]) -> str:
    """Return the first break in a sentence, or "" if everything is as it was written."""
    for reference in references:
        audit = council.store.audit(reference)
        if audit and (found := _find_break(council, audit)):
            return f"{reference}: {found}."
    return ""


def _find_break(council: Council, audit: Audit) -> str:
    rows = council.store.history(audit)
    if broken := history.first_break(audit.reference, rows, audit.chain):
        return broken.sentence
    try:
        replayed = replay(rows, rules_since(council.engine, audit.rules_version))
    except (LookupError, ValueError) as error:
        return str(error)
    if replayed != (audit.state, audit.escalation_state):
        return (
            f"the history leads to {replayed[0]} with escalation {replayed[1]}, but {audit.state} with {audit.escalation_state} is stored"
        )
    return _find_changed_seal(council, audit, " ".join(row.entry.facts for row in rows)) or _find_changed_reason(council, audit, rows)


def _find_changed_seal(council: Council, audit: Audit, facts: str) -> str:
    """The seals shown to readers must match the digests in the history."""
    for seal in council.store.seals(audit):
        if history.digest(seal.content) != seal.digest or seal.digest not in facts:
            return f"what was sealed as {seal.part} in edition {seal.edition} is not what was written"
    return ""


def _find_changed_reason(council: Council, audit: Audit, rows: Iterable[history.Row]) -> str:
    remarks = council.store.remarks(audit)
    for row in rows:
        reason = json.loads(row.entry.facts).get("reason")
        if reason and history.digest(remarks.get(row.number, "")) != reason:
            return f"the reason given with row {row.number} is not what was written"
    return ""
