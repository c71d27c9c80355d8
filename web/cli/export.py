"""A whole audit as a file, for the people who run the service."""

import getpass
import json
import os
from datetime import UTC, datetime
from typing import Any

from web.api.serialisers import serialise_history_row, serialise_section
from web.council import Council
from workflow.errors import NotFound
from workflow.models import Audit
from workflow.ports import ReadLogEntry


def export_as_json(council: Council, reference: str) -> str:
    """Return everything stored about an audit: sections, actions, seals and history. Raise NotFound, ReadLogUnavailable."""
    audit = council.store.audit(reference)
    if audit is None:
        raise NotFound("There is no audit with that reference.")
    council.store.log_readings([_log_entry(audit)])
    return json.dumps(_serialise(council, audit), ensure_ascii=False, indent=2, default=str)


def _log_entry(audit: Audit) -> ReadLogEntry:
    reader, now = f"The command line, as {_machine_account()}", datetime.now(UTC)
    return ReadLogEntry(None, reader, audit.reference, audit.edition, audit.version, "export", "audits export", now)


def _machine_account() -> str:
    """Return the machine’s account that runs it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _serialise(council: Council, audit: Audit) -> dict[str, Any]:
    directory, form = council.store.directory(), council.forms.form(*audit.form)
    remarks = council.store.remarks(audit)
    named = {field: person.email for field in ("auditor", "moderator") if (person := directory.person(getattr(audit, f"{field}_id")))}
    return {
        "reference": audit.reference,
        "state": audit.state,
        "version": audit.version,
        "edition": audit.edition,
        **named,
        "escalation": audit.escalation_state,
        "sections": {key: serialise_section(form, directory, key, answers) for key, answers in audit.sections.items()},
        "actions": [{name: getattr(action, name) for name in action.__slots__} for action in audit.actions],
        "seals": [
            {"edition": seal.edition, "part": seal.part, "at": seal.at, "digest": seal.digest} for seal in council.store.seals(audit)
        ],
        "history": [serialise_history_row(directory, row, remarks.get(row.number)) for row in council.store.history(audit)],
    }
