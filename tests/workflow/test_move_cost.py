"""What a move costs, free of noise: statements, commits and Python calls, whatever the number of audits held."""

import sys
from collections.abc import Callable

import pytest
from sqlalchemy import event

from tests.factories import FOURTEENTH, World, an_audit, assign, save
from web.council import Council
from workflow.commands import audit_moves, drafting

MOST_STATEMENTS, MOST_CALLS = 10, 2_400
AREA = {"grade": "good", "evidence": "Seen.", "impact": "Safer."}


def _ready_to_share(world: World, grade: str) -> Callable[[], object]:
    reference, context, auditor = an_audit(world, "graded", grade=grade), world.command_context(), world.person("auditor")
    return lambda: audit_moves.share(context, auditor, reference)


def _ready_to_moderate(world: World) -> Callable[[], object]:
    reference = an_audit(world, "shared")
    assign(world, reference)
    save(world, "moderator", reference, "moderation", {"grade": "good", **FOURTEENTH})
    context, moderator = world.command_context(), world.person("moderator")
    return lambda: audit_moves.moderate(context, moderator, reference)


def _ready_to_save(world: World) -> Callable[[], object]:
    reference, context, auditor = an_audit(world, "practitioner_consulted"), world.command_context(), world.person("auditor")
    version = world.audit(reference).version
    return lambda: drafting.save_section(context, auditor, reference, "area_1", AREA, version)


READY = {
    "share": lambda world: _ready_to_share(world, "good"),
    "share that escalates": lambda world: _ready_to_share(world, "inadequate"),
    "moderate": _ready_to_moderate,
    "save a section": _ready_to_save,
}


@pytest.mark.parametrize("name", READY)
def test_a_move_is_cheap_and_costs_the_same_among_many_audits(name: str, council: Council, world: World) -> None:
    READY[name](world)()
    few = _cost(council, READY[name](world))
    for _ in range(30):
        an_audit(world, "shared")
    many = _cost(council, READY[name](world))
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
