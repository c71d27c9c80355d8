"""The threat model names its tests: each abuse case one that exists, or says that nothing stops it yet."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = 44


def _cases() -> dict[int, str]:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    parts = re.split(r"^### AC(\d+) ", text, flags=re.MULTILINE)[1:]
    return {int(number): said for number, said in zip(parts[::2], parts[1::2], strict=True)}


def _tests_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_abuse_case_is_there_in_order() -> None:
    assert list(_cases()) == list(range(1, CASES + 1))


def test_every_abuse_case_names_a_test_that_exists_or_says_that_there_is_none() -> None:
    named = 0
    for number, said in _cases().items():
        tests = re.findall(r"^Test: `([\w/.]+)::(\w+)`$", said, re.MULTILINE)
        assert tests or "\nNot yet: " in said, f"AC{number} says neither what tries it nor that nothing does"
        assert not tests or "Stops it: " in said, f"AC{number}"
        for path, name in tests:
            assert (ROOT / path).is_file(), (number, path)
            assert name in _tests_of(ROOT / path), (number, name)
        named += bool(tests)
    print(f"{CASES} abuse cases, {named} of them with a test")


def test_every_test_of_an_abuse_case_is_in_the_model() -> None:
    said = "".join(_cases().values())
    for path in sorted((ROOT / "tests").rglob("test_abuse_*.py")):
        for name in _tests_of(path):
            assert not name.startswith("test_ac") or name in said, name
