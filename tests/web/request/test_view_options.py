"""What a view asks of the code around every request is set on the view, and no code lists endpoint names."""

import ast
from dataclasses import asdict
from pathlib import Path

import pytest
from flask import Flask

from web.request.view_options import ViewOptions, options_of

ROOT = Path(__file__).parents[3]
APPROVED = Path(__file__).with_name("view_options.approved.txt")


def test_each_view_has_the_options_that_were_approved(app: Flask) -> None:
    """To approve a change, copy what this test prints into view_options.approved.txt."""
    with app.app_context():
        lines = [line for endpoint in sorted(app.view_functions) if (line := _line(endpoint))]
    print("\n".join(lines))
    assert lines == APPROVED.read_text().splitlines()


def test_a_view_without_options_has_them_all_off(app: Flask) -> None:
    with app.app_context():
        assert options_of("notices.mine") == options_of("no.such_view") == ViewOptions()


def test_an_unknown_option_stops_the_start() -> None:
    with pytest.raises(TypeError):
        ViewOptions(answer_json=True)  # type: ignore[call-arg]


def test_no_code_lists_endpoint_names(app: Flask) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for package in ("config", "workflow", "notifications", "web")
        for path in (ROOT / package).rglob("*.py")
        for node in _strings_in_collections(ast.parse(path.read_text()))
        if node.value in app.view_functions and "." in str(node.value)
    ]
    assert found == []


def test_a_list_of_endpoint_names_would_be_found() -> None:
    source = 'A = {"sign_in.stay"}\nB = ["health"]\nC = {"audits.show": 1}\nD = frozenset(("people.every",))\nurl_for("notices.mine")'
    assert [node.value for node in _strings_in_collections(ast.parse(source))] == ["sign_in.stay", "health", "audits.show", "people.every"]


def _line(endpoint: str) -> str:
    given = {name: value for name, value in asdict(options_of(endpoint)).items() if value}
    return f"{endpoint}: " + ", ".join(name if value is True else f"{name}={value}" for name, value in given.items()) if given else ""


def _strings_in_collections(tree: ast.AST) -> list[ast.Constant]:
    collections = [node for node in ast.walk(tree) if isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Dict)]
    parts = [part for node in collections for part in (node.keys if isinstance(node, ast.Dict) else node.elts)]
    return [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
