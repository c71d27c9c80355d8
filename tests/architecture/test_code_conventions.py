"""Tests about the code: what design asks for, so that nobody has to remember it."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.durations import unexplained

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("config", "workflow", "notifications", "web")
MOST_LINES, MOST_LINES_OF_A_FUNCTION, MOST_POSITIONAL = 250, 30, 5
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager|service|base)(_|\.|$)")
PYTHON = [
    path for room in (*ROOMS, "tests", "bench") for path in sorted((ROOT / room).rglob("*.py")) if "migrations/versions" not in str(path)
]
SERVED = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in ROOMS]


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    yield from (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef))


def _faults_of(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if len(text.splitlines()) > MOST_LINES:
        yield f"{len(text.splitlines())} lines"
    if VAGUE.search(path.stem):
        yield "a name that says nothing"
    if re.search(r"\b(TODO|FIXME|XXX)\b", text) and path != Path(__file__):
        yield "something to do"
    for function in _functions(path):
        if (lines := (function.end_lineno or 0) - function.lineno) >= MOST_LINES_OF_A_FUNCTION:
            yield f"{function.name} has {lines} lines"
        if (arguments := len(function.args.args)) > MOST_POSITIONAL + 2:
            yield f"{function.name} has {arguments} arguments"


def test_every_file_can_be_read_at_a_sitting() -> None:
    faults = [f"{path.relative_to(ROOT)}: {fault}" for path in PYTHON for fault in _faults_of(path)]
    assert not faults, "\n".join(faults)


def _says_what_it_is(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return not text or bool(ast.get_docstring(ast.parse(text))) or "versions" in str(path) or path.name == "env.py"


def test_every_file_says_what_it_is() -> None:
    silent = [str(path.relative_to(ROOT)) for path in SERVED if not _says_what_it_is(path)]
    assert not silent, "\n".join(silent)


def test_every_slow_test_is_long_or_says_why_it_runs_each_time(request: pytest.FixtureRequest) -> None:
    slow = unexplained(request.config, request.session.items)
    assert not slow, "mark them `long` or `slow_because`:\n" + "\n".join(slow)


def test_lock_files_name_only_the_public_registries() -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)/", (ROOT / "uv.lock").read_text(encoding="utf-8")))
    assert hosts <= {"pypi.org", "files.pythonhosted.org"}
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert {one["resolved"].split("/")[2] for one in packages.values() if "resolved" in one} <= {"registry.npmjs.org"}


def test_every_dependency_is_pinned_exactly() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = re.findall(r'^    "([\w.\[\]-]+)([=<>~!]*)[^"]*",?$', text.split("[tool.hatch")[0], re.M)
    assert len(wanted) > 25
    assert [name for name, pin in wanted if pin != "=="] == []


def test_no_generated_file_is_committed() -> None:
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if kept.returncode:
        pytest.skip("not a git checkout")
    made = ("web/static/", "node_modules/", ".venv/", "var/")
    assert [path for path in kept.stdout.splitlines() if path.startswith(made)] == []


def test_the_directory_is_changed_only_where_new_holders_of_posts_are_told() -> None:
    changed_in = [str(path.relative_to(ROOT)) for path in SERVED if "store.changing(" in path.read_text(encoding="utf-8")]
    assert changed_in == ["workflow/commands/directory/changing.py"]
