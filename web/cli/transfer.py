"""`practice-audit migrate-to`: transfer an embedded council to PostgreSQL, all of it or nothing, and print what to do next.

The embedded database is locked against writing from the first row read until its mark is set, so that no move is made meanwhile.
Its mark is committed before the other database's rows are: if it is cut off in between, nothing can change, and nothing runs twice.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import click

from web.cli.checkpoints import find_break_of_logs
from web.cli.verify_history import find_first_break, list_references
from web.council import Council
from workflow.errors import ConfigurationError, Refusal
from workflow.storage import transfer
from workflow.storage.engine import Connection, DatabaseError, Engine, read_transaction, write_transaction
from workflow.storage.schema import NOT_PREPARED, is_current, schema_status, upgrade_on
from workflow.storage.store import SqlStore
from workflow.storage.transfer_marker import Transfer, mark, read_marker, unmark

NEXT = """
The council is at {to} now. Next:
  1. Set PRACTICE_AUDIT_DATABASE_URL to the address you have just given.
  2. Set PRACTICE_AUDIT_SECRET_KEY to {key}. With any other, nobody’s authenticator app or recovery codes work,
     links in emails already sent do not work, links waiting to be sent are lost, and an email tried before may arrive twice.
  3. Start `practice-audit serve` and `practice-audit worker` again.
A process still running on the embedded database can’t change it any more. `practice-audit migrate-to --take-back` undoes that."""


def transfer_council(council: Council, url: str) -> None:
    """Raise Refusal with the reason; then nothing was moved."""
    if council.engine.dialect.name != "sqlite":
        raise Refusal("Only a council on the embedded database is moved: PRACTICE_AUDIT_DATABASE_URL names another already.")
    if refusal := NOT_PREPARED.get(schema_status(council.engine)):
        raise ConfigurationError(refusal)
    if not is_current(council.engine):
        raise ConfigurationError("The database is newer than this version: transfer it with the version that brought it up to date.")
    target = transfer.open_target(url)
    try:
        rows = _transfer(council, target, Transfer(transfer.address(target.url), datetime.now(UTC)))
    finally:
        target.dispose()
    for table, one in rows.items():
        click.echo(f"{table:20} {one.rows:>9,} rows, the same on both sides")
    click.echo(NEXT.format(to=transfer.address(target.url), key=_describe_secret_key(council)))


def _describe_secret_key(council: Council) -> str:
    key_file = council.settings.data / "secret-key"
    is_stored = key_file.is_file() and key_file.read_text(encoding="utf-8").strip() == council.settings.secret_key
    return f"the contents of {key_file}" if is_stored else "what it is set to now"


def take_back_council(council: Council) -> None:
    with read_transaction(council.engine) as connection:
        moved = read_marker(connection)
    if moved is None:
        raise Refusal("This council was not moved anywhere.")
    with write_transaction(council.engine) as connection:
        unmark(connection)
    click.echo(
        f"This council runs on its embedded database again. What was done at {moved.to} since {moved.at:%d %B %Y, %H:%M} UTC is not in it."
    )


def _transfer(council: Council, target: Engine, moved: Transfer) -> Mapping[str, transfer.TableDigest]:
    is_copied = False
    try:
        with write_transaction(target) as there:
            _refuse_moved(council, there, moved.to)
            _refuse(transfer.reason_target_is_unfit(there))
            # Nobody else can write to it until this transaction ends.
            with write_transaction(council.engine) as here:
                rows = _copy(council, here, there, moved)
            is_copied = True
    except DatabaseError as error:
        is_ours, kind = transfer.describe_error(error)
        if is_copied:
            raise Refusal(f"{moved.to} did not confirm the last step ({kind}): run the same command again to see the result.") from None
        if is_ours:
            raise Refusal(
                f"The embedded database can’t be locked ({kind}): stop every process that runs on it. Nothing was moved."
            ) from None
        raise Refusal(f"{moved.to} can’t be used ({kind}): nothing was moved.") from None
    return rows


def _refuse_moved(council: Council, there: Connection, to: str) -> None:
    """Raise Refusal if the council was transferred already. Continue if the transfer was cut off at its end."""
    with read_transaction(council.engine) as here:
        before = read_marker(here)
    if before and before.to != to:
        raise Refusal(f"This council was moved to {before.to} already: `practice-audit migrate-to --take-back` undoes that.")
    if before and not transfer.is_empty(there):
        raise Refusal(f"This council was moved there completely on {before.at:%d %B %Y at %H:%M} UTC: there is nothing more to do.")


def _copy(council: Council, here: Connection, there: Connection, moved: Transfer) -> Mapping[str, transfer.TableDigest]:
    """Return what both hold, which is the same, after marking the embedded one."""
    _refuse(transfer.reason_source_is_busy(here, moved.at))
    upgrade_on(there)
    total = transfer.number_of_rows(here)
    with _progress("Copying", total) as report_progress:
        transfer.copy_all(here, there, report_progress)
    with _progress("Comparing", 2 * total) as report_progress:
        rows, copied = transfer.digest_tables(here, report_progress), transfer.digest_tables(there, report_progress)
    _refuse(" ".join(transfer.differences(rows, copied)))
    for where, connection in (("the embedded database", here), ("the copy", there)):
        _verify(council, connection, where)
    if read_marker(here) is None:
        mark(here, moved)
    return rows


def _verify(council: Council, connection: Connection, where: str) -> None:
    """Verify every history, as this transaction sees it."""
    engine = cast("Engine", connection)
    as_copied = replace(council, engine=engine, store=SqlStore(engine, council.rules.stand_ins))
    with click.progressbar(list_references(as_copied), label=f"Verifying {where}", file=sys.stderr) as references:
        found = find_first_break(as_copied, references) or find_break_of_logs(as_copied)
    _refuse(found and f"In {where}: {found} Nothing was moved.")


def _refuse(reason: str) -> None:
    if reason:
        raise Refusal(reason)


@contextmanager
def _progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield bar.update
