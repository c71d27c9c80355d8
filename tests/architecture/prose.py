"""The prose check: plain British English in pages, messages, docstrings, comments and documents.

`python -m tests.architecture.prose [paths]` prints file:line, what was found and what to write instead; the list is prose_words.toml.
"""

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
CODE_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class Passage:
    """Text that starts on a line of a file; `is_name` for an identifier."""

    line: int
    text: str
    is_name: bool = False


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    words: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: “{self.words}”: write {self.instead}"


@dataclass(frozen=True)
class Allowed:
    text: re.Pattern[str]
    files: str


@dataclass(frozen=True)
class WordList:
    words: dict[re.Pattern[str], str]
    names: dict[re.Pattern[str], str]
    allowed: list[Allowed]
    read: list[str]
    skip: list[str]
    pending: list[str]


@cache
def word_list() -> WordList:
    table = tomllib.loads(Path(__file__).with_name("prose_words.toml").read_text(encoding="utf-8"))
    return WordList(
        words={_between_boundaries(key): instead for key, instead in table["words"].items()},
        names={re.compile(key): instead for key, instead in table["names"].items()},
        allowed=[_allowed(entry) for entry in table["allow"]],
        read=table["files"]["read"],
        skip=[entry["path"] for entry in table["files"]["skip"]],
        pending=table["files"]["pending"],
    )


def _between_boundaries(key: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w-])(?:" + key.replace(" ", r"\s+") + r")(?![\w-])", re.IGNORECASE)


def _allowed(entry: dict[str, Any]) -> Allowed:
    flags = re.MULTILINE if entry.get("case") else re.MULTILINE | re.IGNORECASE
    return Allowed(re.compile(entry["text"], flags), entry.get("files", "*"))


def find(path: str, text: str) -> Iterator[Finding]:
    """What is wrong in one file, in the order of its lines."""
    for passage in passages(path, text):
        yield from _in_name(path, passage) if passage.is_name else _in_prose(path, passage)


def _in_prose(path: str, passage: Passage) -> Iterator[Finding]:
    spans = _allowed_spans(path, passage.text)
    for pattern, instead in word_list().words.items():
        for match in pattern.finditer(passage.text):
            if not any(start <= match.start() and match.end() <= end for start, end in spans):
                line = passage.line + passage.text.count("\n", 0, match.start())
                yield Finding(path, line, " ".join(match[0].split()), instead)


def _allowed_spans(path: str, text: str) -> list[tuple[int, int]]:
    return [match.span() for one in word_list().allowed if fnmatch(path, one.files) for match in one.text.finditer(text)]


def _in_name(path: str, passage: Passage) -> Iterator[Finding]:
    if _allowed_spans(path, passage.text):
        return
    for part in NAME_PART.findall(passage.text):
        for pattern, instead in word_list().names.items():
            if pattern.fullmatch(part.lower()):
                yield Finding(path, passage.line, passage.text, instead)


def passages(path: str, text: str) -> Iterator[Passage]:
    if path.endswith(".py"):
        yield from _python_prose(text, is_test=path.startswith("tests/"))
        yield from _names(text)
    elif path.endswith((".js", ".scss")):
        yield from (Passage(text.count("\n", 0, match.start()) + 1, match[0]) for match in CODE_COMMENT.finditer(text))
    else:
        yield Passage(1, text)


def _python_prose(text: str, is_test: bool) -> Iterator[Passage]:
    docstrings = _docstring_lines(text)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_prose_string = token.type in STRINGS and (not is_test or token.start[0] in docstrings)
        if token.type == tokenize.COMMENT or is_prose_string:
            yield Passage(token.start[0], token.string)


def _docstring_lines(text: str) -> set[int]:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds) and ast.get_docstring(node)]
    return {node.body[0].lineno for node in nodes}


def _names(text: str) -> Iterator[Passage]:
    """Where a name is given: definitions, parameters, fields and variables; the name of a test is a sentence."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield Passage(node.lineno, node.name.replace("_", " "))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield Passage(node.lineno, node.name, is_name=True)
        elif isinstance(node, ast.arg):
            yield Passage(node.lineno, node.arg, is_name=True)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield Passage(node.lineno, node.id, is_name=True)


def files(paths: list[str]) -> list[str]:
    """The files below these paths that Git knows and the list reads; without paths, all but the pending ones."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", *(paths or ["."])]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    left_out = word_list().skip if paths else word_list().skip + word_list().pending
    return [name for name in names if _matches(name, word_list().read) and not _matches(name, left_out) and (ROOT / name).is_file()]


def _matches(name: str, patterns: list[str]) -> bool:
    return any(name.startswith(one) if one.endswith("/") else fnmatch(name, one) for one in patterns)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.architecture.prose", description="Check for plain British English.")
    parser.add_argument("paths", nargs="*", help="files or folders, from the root of the repository")
    names = files(parser.parse_args().paths)
    findings = [finding for name in names for finding in find(name, (ROOT / name).read_text(encoding="utf-8"))]
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
