"""Each guard holds where it should, and names the section and field of each thing that is missing where it should not.

W6: every condition of every guard matters. Each is replaced by True and by False, each comparison is turned round,
and some case below must notice.
"""

import ast
import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from tests.workflow.guards.case import Case
from tests.workflow.guards.cases import CASES
from workflow.guards import GUARDS, actions, audits, escalations, moderation
from workflow.guards.context import Guard

TURNED = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.guard)
def test_a_guard_names_what_is_missing_and_nothing_else(case: Case) -> None:
    assert _missing(GUARDS, case) == case.missing


def test_the_final_judgement_is_called_so_and_an_area_by_its_number() -> None:
    case = Case("every_area_is_graded", set(), answers={"area_11": {"grade": None}, "area_12": {"grade": None}})
    assert [one.message for one in GUARDS["every_area_is_graded"](case.situation)] == ["Grade area 11.", "Grade the final judgement."]


def test_each_guard_has_a_case_in_which_it_holds_and_one_in_which_it_does_not() -> None:
    assert {case.guard for case in CASES if not case.missing} == GUARDS.keys()
    assert {case.guard for case in CASES if case.missing} == GUARDS.keys()


@pytest.mark.parametrize("module", [audits, actions, moderation, escalations], ids=lambda module: module.__name__)
def test_no_condition_of_a_guard_can_be_changed_unnoticed(module: ModuleType) -> None:
    mutants = list(_mutants(Path(str(module.__file__)).read_text(encoding="utf-8")))
    # A name in a sentence, which has a test of its own above.
    survivors = [place for place, source in mutants if not _is_noticed(module, source) and "section.overall" not in place]
    print(f"W6: {len(mutants) - len(survivors)} of {len(mutants)} mutants of {module.__name__} noticed")
    assert survivors == []


def _missing(guards: Mapping[str, Guard], case: Case) -> set[tuple[str, str]]:
    return {(one.section, one.field) for one in guards[case.guard](case.situation)}


def _is_noticed(module: ModuleType, source: ast.Module) -> bool:
    changed = ModuleType(module.__name__)
    exec(compile(source, str(module.__file__), "exec"), changed.__dict__)
    guards = {guard.__name__: guard for guard in changed.GUARDS}
    return any(_notices(guards, case) for case in CASES if case.guard in guards)


def _notices(guards: Mapping[str, Guard], case: Case) -> bool:
    try:
        return _missing(guards, case) != case.missing
    except Exception:  # noqa: BLE001 (a mutant that fails is noticed)
        return True


def _mutants(text: str) -> Iterator[tuple[str, ast.Module]]:
    """Each with one condition true, one false, or one comparison turned round."""
    numbers = [number for number, node in enumerate(ast.walk(ast.parse(text))) if isinstance(node, ast.If | ast.IfExp | ast.Compare)]
    for number in numbers:
        for change in (_is_true, _is_false, _is_turned):
            tree = ast.parse(text)
            node = list(ast.walk(tree))[number]
            before = copy.deepcopy(getattr(node, "test", node))
            if change(node):
                yield f"{ast.unparse(before)} {change.__name__[1:]}", ast.fix_missing_locations(tree)


def _is_true(node: ast.AST) -> bool:
    return _becomes(node, value=True)


def _is_false(node: ast.AST) -> bool:
    return _becomes(node, value=False)


def _becomes(node: ast.AST, *, value: bool) -> bool:
    if isinstance(node, ast.If | ast.IfExp) and not _is_type_check(node.test):
        node.test = ast.Constant(value)
        return True
    return False


def _is_type_check(test: ast.expr) -> bool:
    """`isinstance` alone, which is there for the type checker."""
    return "isinstance" in ast.unparse(test) and not isinstance(test, ast.BoolOp)


def _is_turned(node: ast.AST) -> bool:
    if not isinstance(node, ast.Compare) or type(node.ops[0]) not in TURNED:
        return False
    node.ops = [TURNED[type(node.ops[0])]()]
    return True
