"""A list of people as a CSV file: its lines, or one sentence about each line that can’t be read."""

import csv
import io
import re
from pathlib import Path

from workflow.commands.directory.bulk_import import Line
from workflow.errors import Refusal

COLUMNS = ("email", "name", "roles", "active", "teams")
NEEDED = ("email", "name")
LARGEST = 20_000_000
# A name may begin with one: ’t Hooft, ’s-Gravenhage.
MARK = re.compile(r"^\s*'(?![a-z][ -])")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class NotAList(Refusal):
    """This file is not a list of people."""


def read_lines(path: Path) -> tuple[list[Line], list[str]]:
    """Return the lines, and the refusals by line. Raise NotAList if the file can’t be read at all."""
    reader = csv.reader(io.StringIO(_read_text(path), newline=""), strict=True)
    lines: list[Line] = []
    refusals: list[str] = []
    try:
        columns = _read_columns(path, next(reader, []))
        for row in reader:
            if any(cell.strip() for cell in row):
                cells = _without_marks(row, len(columns))
                refused = _reason_refused(cells, columns)
                refusals += [f"Line {reader.line_num}: {refused}"] if refused else []
                lines += [] if refused else [_make_line(reader.line_num, dict(zip(columns, cells, strict=True)))]
    except csv.Error as error:
        raise NotAList(f"{path}, line {reader.line_num}: this is not CSV ({error}).") from error
    return lines, refusals


def _read_text(path: Path) -> str:
    """A spreadsheet’s “CSV UTF-8” begins with a byte order mark."""
    if path.stat().st_size > LARGEST:
        raise NotAList(f"{path} is larger than {LARGEST // 1_000_000} MB: it is not a list of people.")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise NotAList(f"{path}, line {line}: this is not UTF-8. Save it as “CSV UTF-8”.") from error


def _read_columns(path: Path, header: list[str]) -> list[str]:
    columns = [name.strip().lower() for name in header]
    while columns and not columns[-1]:
        columns.pop()
    if missing := [name for name in NEEDED if name not in columns]:
        raise NotAList(f"{path}: the first line names no column “{missing[0]}”. The columns are {', '.join(COLUMNS)}, separated by commas.")
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise NotAList(
            f"{path}: there is no column “{''.join(filter(str.isprintable, unknown[0]))[:40]}”; the columns are {', '.join(COLUMNS)}."
        )
    if len(set(columns)) != len(columns):
        raise NotAList(f"{path}: a column is named twice.")
    return columns


def _without_marks(cells: list[str], columns: int) -> list[str]:
    """Without the empty cells that a spreadsheet adds after the last column, and the apostrophe by which it marks a cell as text."""
    while len(cells) > columns and not cells[-1].strip():
        cells = cells[:-1]
    return [MARK.sub("", cell) for cell in cells]


def _reason_refused(cells: list[str], columns: list[str]) -> str:
    if len(cells) != len(columns):
        return f"{len(columns)} cells are needed, and there are {len(cells)}."
    formulas = [name for name, cell in zip(columns, cells, strict=True) if cell.startswith(FORMULA)]
    return f"the cell “{formulas[0]}” begins like a formula." if formulas else ""


def _make_line(number: int, cells: dict[str, str]) -> Line:
    return Line(number, cells["email"], cells["name"], cells.get("roles"), cells.get("active", ""), cells.get("teams"))
