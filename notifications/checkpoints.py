"""Signed checkpoints: how far each log had come, and its hash. Kept elsewhere, they show what a whole rewritten database does not.

A checkpoint is one line of JSON without spaces, and holds no case text: `chains` has the number and the hash of the last link by name,
`audits` the number and the beginning of the hash of the last recorded row of history by reference. The signature is over the line without it.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from config.settings import Settings
from notifications import outbox
from notifications.context import WorkerContext
from notifications.delivery.encryption import encrypt
from notifications.delivery.signatures import is_signed, public_key, sign
from workflow.directory import Directory
from workflow.events import QA_INBOX
from workflow.storage import log_verification
from workflow.storage.engine import Connection, Engine, read_snapshot, write_transaction
from workflow.storage.log_chains import AUDITS, record_heads

EVENT, GOVERNANCE = "checkpoint_made", "governance"
BEGIN = '{"checkpoint":1,'
NAMED = 500
"""Audits that a line names unless it is to name all: the last to go on. All the others are in the hash of the list of audits."""
SHOWN = 16
"""Characters of an audit’s hash in a line, which say what is different; the chain has all of them."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    at: str
    chains: Mapping[str, log_verification.Head]
    audits: Mapping[str, log_verification.Head]
    key: str
    is_genuine: bool


def make_checkpoint(engine: Engine, settings: Settings, now: datetime, *, names: int | None = NAMED) -> str:
    """The line, naming that many audits, or all for None. Records first which audits have gone on."""
    record_heads(engine)
    with read_snapshot(engine) as connection:
        chains = log_verification.heads(connection)
        audits = {} if names == 0 else log_verification.recorded_audits(connection, names)
    # The first key is the one that BEGIN looks for.
    said = {"checkpoint": 1, "at": now.astimezone(UTC).isoformat(timespec="seconds"), "chains": chains}
    said |= {"audits": {reference: (number, head[:SHOWN]) for reference, (number, head) in audits.items()}} if audits else {}
    said["key"] = public_key(settings)
    return _as_line(said | {"signature": sign(settings, _as_line(said).encode())})


def send_checkpoint(context: WorkerContext, day: date, directory: Directory, now: datetime) -> None:
    """Email the checkpoint of the day, once, to the QA inbox and to everybody in governance. It names no audit, so it is one short line."""
    line = make_checkpoint(context.engine, context.settings, now, names=0)
    recipients = [QA_INBOX, *(person.id for person in directory.in_post(GOVERNANCE) if person.can_be_reached)]
    with write_transaction(context.engine) as connection:
        for recipient in recipients:
            outbox.enqueue_account_email(connection, EVENT, f"checkpoint/{day}", recipient, now, locked=encrypt(context.settings, line))


def read_checkpoints(text: str) -> Iterator[Checkpoint]:
    """Each checkpoint in a text, a file of lines or a saved email, whose lines may have been broken."""
    unbroken = re.sub(r"\s+", "", text)
    for found in re.finditer(re.escape(BEGIN), unbroken):
        try:
            said, _ = json.JSONDecoder().raw_decode(unbroken, found.start())
            yield _checkpoint_of(said)
        except (AttributeError, KeyError, TypeError, ValueError):
            yield Checkpoint("an unknown time", {}, {}, "", is_genuine=False)


def find_difference(connection: Connection, checkpoints: Collection[Checkpoint], keys: Collection[str]) -> str:
    """The first thing that is not as a checkpoint says, in a sentence without its full stop, or ""."""
    whole: Mapping[str, log_verification.Head] = {}
    for one in checkpoints:
        if not one.is_genuine or one.key not in keys:
            why = "is signed with another key" if one.is_genuine else "is not what was signed"
            return f"The checkpoint of {one.at} {why}"
        if found := _difference(connection, one, whole):
            return f"{found}: the checkpoint of {one.at} says otherwise"
        whole = one.chains
    return ""


def _difference(connection: Connection, one: Checkpoint, before: Mapping[str, log_verification.Head]) -> str:
    """`before` is what the checkpoint before this one says, which is as it was."""
    for reference, (number, head) in one.audits.items():
        if not (now := log_verification.hash_of_history(connection, reference, number)):
            return f"{reference}: row {number} of the history was removed, or an older backup was restored"
        if not now.startswith(head):
            return f"{reference}: row {number} of the history is not what was written"
    for name, (number, head) in one.chains.items():
        if not (now := log_verification.head_at(connection, name, number)):
            return f"{_log(name)} had {number} entries and has fewer now: some were removed, or an older backup was restored"
        if now != head:
            return f"{_log(name)} is not what it was between entries {_first(before, name)} and {number}{_about(connection, name, before, number)}"
    return ""


def _about(connection: Connection, name: str, before: Mapping[str, log_verification.Head], number: int) -> str:
    """Which audits that may be, where the line names none."""
    if name != AUDITS:
        return ""
    references = log_verification.references_between(connection, _first(before, name), number)
    return f" (among {', '.join(references[:10])}{' and others' if len(references) > 10 else ''})"


def _first(before: Mapping[str, log_verification.Head], name: str) -> int:
    return before[name][0] + 1 if name in before else 1


def _log(name: str) -> str:
    log = log_verification.NAMES.get(name, f"what is stored as {name}")
    return f"{log[0].upper()}{log[1:]}"


def _checkpoint_of(said: dict[str, Any]) -> Checkpoint:
    signature = said.pop("signature")
    chains, audits = (
        {key: (int(number), str(head)) for key, (number, head) in said.get(name, {}).items()} for name in ("chains", "audits")
    )
    return Checkpoint(str(said["at"]), chains, audits, said["key"], is_genuine=is_signed(said["key"], _as_line(said).encode(), signature))


def _as_line(said: Mapping[str, Any]) -> str:
    return json.dumps(said, separators=(",", ":"))
