"""Verifying every history: the chain is intact and ends as stored, leads to the stored state, and matches the seals."""

import json
from collections.abc import Iterable

from web.cli.queries import every_reference_in
from web.council import Council
from workflow import history
from workflow.models import Audit
from workflow.replay import replay
from workflow.storage.form_versions import rules_since


def every_reference(council: Council) -> list[str]:
    return every_reference_in(council.engine)


def first_break(council: Council, references: Iterable[str]) -> str:
    """Return the first break in a sentence, or "" if everything is as it was written."""
    for reference in references:
        audit = council.store.audit(reference)
        if audit and (found := _break_in(council, audit)):
            return f"{reference}: {found}."
    return ""


def _break_in(council: Council, audit: Audit) -> str:
    rows = council.store.history(audit)
    if broken := history.first_break(audit.reference, rows, audit.chain):
        return broken.sentence
    try:
        led_to = replay(rows, rules_since(council.engine, audit.rules_version))
    except (LookupError, ValueError) as error:
        return str(error)
    if led_to != (audit.state, audit.escalation_state):
        return f"the history leads to {led_to[0]} with escalation {led_to[1]}, but {audit.state} with {audit.escalation_state} is stored"
    return _unlike_sealed(council, audit, " ".join(row.entry.facts for row in rows)) or _unlike_said(council, audit, rows)


def _unlike_sealed(council: Council, audit: Audit, facts: str) -> str:
    """The seals shown to readers must match the digests in the history."""
    for seal in council.store.seals(audit):
        if history.digest(seal.content) != seal.digest or seal.digest not in facts:
            return f"what was sealed as {seal.part} in edition {seal.edition} is not what was written"
    return ""


def _unlike_said(council: Council, audit: Audit, rows: Iterable[history.Row]) -> str:
    remarks = council.store.remarks(audit)
    for row in rows:
        said = json.loads(row.entry.facts).get("reason")
        if said and history.digest(remarks.get(row.number, "")) != said:
            return f"the reason given with row {row.number} is not what was written"
    return ""
