"""What a move costs, free of noise: statements, commits and Python calls, whatever the number of audits held."""

import sys
from collections.abc import Callable

import pytest
from sqlalchemy import event

from tests.factories import FOURTEENTH, House, an_audit, assign, save
from web.council import Council
from workflow.commands import audit_moves, drafting

MOST_STATEMENTS, MOST_CALLS = 10, 2_000
AREA = {"grade": "good", "evidence": "Seen.", "impact": "Safer."}


def _ready_to_share(house: House, grade: str) -> Callable[[], object]:
    reference, context, auditor = an_audit(house, "graded", grade=grade), house.command_context(), house.person("auditor")
    return lambda: audit_moves.share(context, auditor, reference)


def _ready_to_moderate(house: House) -> Callable[[], object]:
    reference = an_audit(house, "shared")
    assign(house, reference)
    save(house, "moderator", reference, "moderation", {"grade": "good", **FOURTEENTH})
    context, moderator = house.command_context(), house.person("moderator")
    return lambda: audit_moves.moderate(context, moderator, reference)


def _ready_to_save(house: House) -> Callable[[], object]:
    reference, context, auditor = an_audit(house, "practitioner_consulted"), house.command_context(), house.person("auditor")
    version = house.audit(reference).version
    return lambda: drafting.save_section(context, auditor, reference, "area_1", AREA, version)


READY = {
    "share": lambda house: _ready_to_share(house, "good"),
    "share that escalates": lambda house: _ready_to_share(house, "inadequate"),
    "moderate": _ready_to_moderate,
    "save a section": _ready_to_save,
}


@pytest.mark.parametrize("name", READY)
def test_a_move_is_cheap_and_costs_the_same_among_many_audits(name: str, council: Council, house: House) -> None:
    READY[name](house)()
    few = _cost(council, READY[name](house))
    for _ in range(30):
        an_audit(house, "shared")
    many = _cost(council, READY[name](house))
    statements, commits, calls = few
    print(f"{name}: {statements} statements, {commits} write commit, {calls} Python calls")
    assert statements <= MOST_STATEMENTS
    assert commits == 1
    assert calls <= MOST_CALLS
    assert many[:2] == few[:2]
    assert many[2] <= calls * 1.05


def _cost(council: Council, move: Callable[[], object]) -> tuple[int, int, int]:
    statements: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(council.engine, "before_cursor_execute", note)
    calls = _python_calls(move, note)
    event.remove(council.engine, "before_cursor_execute", note)
    transactions = [statement for statement in statements if statement.startswith("BEGIN")]
    return len(statements) - len(transactions), transactions.count("BEGIN IMMEDIATE"), calls


def _python_calls(move: Callable[[], object], note: Callable[..., None]) -> int:
    calls = 0

    def count(frame: object, what: str, _argument: object) -> None:
        nonlocal calls
        calls += what == "call" and frame.f_code is not note.__code__  # type: ignore[attr-defined]

    sys.setprofile(count)
    try:
        move()
    finally:
        sys.setprofile(None)
    return calls
