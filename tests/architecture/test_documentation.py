"""The documents say what is true: their links lead somewhere, decisions are numbered, and each is in the index."""

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAME = re.compile(r"[\w.]+(/|\.\w+)|Makefile|\.ci/run")
PACKAGES = ("config", "workflow", "notifications", "web")
NOT_CODE = {"templates", "migrations/versions", "migrations/sql", "demo/audits", "static"}
SUPERSEDED = "**Status** Superseded by ["
PARTS = ("**Status** ", "**Context** ", "**Decision**", "**Consequences** ")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_fits_a_page_and_has_its_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(path.name[:4])}. ")
    assert len(text.splitlines()) <= 25
    if SUPERSEDED not in text:
        assert [part for part in PARTS if f"\n{part}" not in text] == []


def test_every_decision_is_in_the_index_once() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)) == [path.name for path in DECISIONS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readmes_tree_is_complete_and_names_nothing_else() -> None:
    named = set(_named_in_tree())
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    assert sorted(set(_packages_and_loose_files()) - named) == []


def _named_in_tree() -> Iterator[str]:
    """The paths of the tree: a folder that is alone on its line holds the lines indented below it."""
    tree = (ROOT / "README.md").read_text(encoding="utf-8").split("## The tree")[1].split("```")[1]
    folders: list[tuple[int, str]] = []
    for line in tree.strip().splitlines():
        indent = len(line) - len(line.lstrip())
        folders = [(depth, folder) for depth, folder in folders if depth < indent]
        parent = folders[-1][1] if folders else ""
        names = list(takewhile(NAME.fullmatch, line.split()))
        yield from (parent + name for name in names)
        if len(names) == 1 and names[0].endswith("/"):
            folders.append((indent, parent + names[0]))


def _packages_and_loose_files() -> Iterator[str]:
    """Each package’s own files, and its folders down to the second level; pages all have their templates/."""
    for package in PACKAGES:
        yield from (
            f"{package}/{path.name}" for path in (ROOT / package).iterdir() if path.suffix in {".py", ".toml"} and path.stem != "__init__"
        )
        folders = [path for pattern in ("*/", "*/*/") for path in (ROOT / package).glob(pattern) if path.is_dir()]
        yield from (f"{path.relative_to(ROOT)}/" for path in folders if _is_code(path.relative_to(ROOT / package)))


def _is_code(path: Path) -> bool:
    return "__pycache__" not in path.parts and not {path.name, str(path)} & NOT_CODE and not path.name.startswith("__")


def test_every_path_of_a_document_exists() -> None:
    path = re.compile(r"(?<![\w/.-])(?:config|workflow|notifications|web|tests|docs|bench|deploy)/[\w./-]*")
    for document in DOCUMENTS:
        if document not in DECISIONS:
            code = " ".join(re.findall(r"`([^`\n]+)`", document.read_text(encoding="utf-8")))
            assert [found for found in path.findall(code) if not (ROOT / found).exists()] == [], document.name
