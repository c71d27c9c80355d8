"""The service as a contestant, and its limit: the same statements through the bare driver, with no rules and nothing else.

`python -m bench.move_programs ours|bare FILE BLOCK`, with the settings of its council in the environment. FILE holds, for each move, the
reference of an audit to share, or the statements that were written down while another copy of the same council shared it.
"""

import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from bench.databases import Home, checkpoint
from bench.peers.the_work import in_blocks
from web.council import Council
from workflow.commands import audit_moves
from workflow.directory import Person

OURS, LIMIT, COMMIT = "ours", "bare", "COMMIT"
# Whose audit the sample is that move_throughput.py has shared.
AUDITOR = "auditor2@demo.example"
Statement = tuple[str, Any, bool]
Move = list[Statement]


def record_statements(home: Home, references: list[str]) -> list[Move]:
    """The statements sent to the driver while each of these is shared."""
    council = home.opened()
    auditor, said = _auditor(council), list[Statement]()

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _context: object, many: bool) -> None:
        said.append((statement, parameters, many))

    event.listen(council.engine, "before_cursor_execute", note)
    event.listen(council.engine, "commit", lambda _connection: said.append((COMMIT, (), False)))
    found: list[Move] = []
    for reference in references:
        audit_moves.share(council.command_context(), auditor, reference)
        found.append(said.copy())
        said.clear()
    checkpoint(council)
    return found


def _auditor(council: Council) -> Person:
    auditor = council.store.directory().by_email(AUDITOR)
    assert auditor
    return auditor


def make_share(home: Home) -> Callable[[str], object]:
    """The move itself, of the audit that has this reference."""
    council = home.opened()
    auditor = _auditor(council)
    return lambda reference: audit_moves.share(council.command_context(), auditor, reference)


def make_repeat(home: Home) -> Callable[[Move], object]:
    connection = home.bare()
    cursor = connection.cursor()

    def repeat(move: Move) -> None:
        for statement, parameters, many in move:
            if statement == COMMIT:
                connection.commit()
            elif many:
                cursor.executemany(statement, parameters)
            else:
                cursor.execute(statement, parameters or ())
                if cursor.description:
                    cursor.fetchall()

    return repeat


def main(kind: str, file: str, block: str) -> None:
    environment = os.environ
    home = Home(Path(environment["PRACTICE_AUDIT_DATA"]), environment.get("PRACTICE_AUDIT_DATABASE_URL", ""))
    do: Callable[[Any], object] = make_share(home) if kind == OURS else make_repeat(home)
    in_blocks(do, pickle.loads(Path(file).read_bytes()), int(block))


if __name__ == "__main__":
    main(*sys.argv[1:])
