"""`practice-audit history checkpoint`, and comparing the database with checkpoints stored elsewhere."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from notifications.checkpoints import NAMED, find_difference, make_checkpoint, read_checkpoints
from notifications.delivery.signatures import public_key
from web.council import Council
from workflow.errors import Refusal
from workflow.storage.engine import read_snapshot
from workflow.storage.log_verification import first_break

HELP = f"""Print a signed checkpoint, one line: store it outside, where nobody who can write to the database can.

It names the {NAMED} audits that went on last."""


def checkpoint_line(council: Council, *, names_all: bool) -> str:
    return make_checkpoint(council.engine, council.settings, datetime.now(UTC), names=None if names_all else NAMED)


def checkpoint_key(council: Council) -> str:
    return public_key(council.settings)


def find_breaks_of_logs(council: Council, checkpoints: Path | None = None, keys: Sequence[str] = ()) -> Iterator[str]:
    """Yield the first break of the logs and the list of audits, and the first difference from the checkpoints, each in a sentence.

    Raises Refusal for a file without a checkpoint.
    """
    lines = list(read_checkpoints(checkpoints.read_text(encoding="utf-8", errors="replace"))) if checkpoints else []
    if checkpoints and not lines:
        raise Refusal(f"{checkpoints}: there is no checkpoint in this file.")
    with read_snapshot(council.engine) as connection:
        for found in (first_break(connection), find_difference(connection, lines, {*keys, public_key(council.settings)})):
            if found:
                yield f"{found}."


def find_break_of_logs(council: Council, checkpoints: Path | None = None, keys: Sequence[str] = ()) -> str:
    return next(find_breaks_of_logs(council, checkpoints, keys), "")
