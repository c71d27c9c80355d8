"""Validation of what people send: values as they are stored, or one sentence for each field that is wrong."""

from collections.abc import Mapping
from datetime import date

from workflow.directory import Directory
from workflow.errors import BadInput, Missing
from workflow.field_types import FIELD_TYPES, clean, parse_iso_date
from workflow.forms import Field, Section
from workflow.models import Answers
from workflow.text_limits import LONG

CALLED = {"text": "Agreed action", "due_on": "Due date", "plan": "Response plan", "q": "Search"}


def read_answers(section: Section, given: Mapping[str, object], directory: Directory) -> Answers:
    """Return an answer for each field, None where it is empty; raise BadInput with a sentence for each fault."""
    known = {field.key: field for field in section.fields}
    complaints = [Missing(section.key, key, f"This section has no field “{_shown(key)}”.") for key in given if key not in known]
    answers: dict[str, object] = {}
    for key, field in known.items():
        try:
            answers[key] = _read(field, given.get(key), directory)
        except ValueError as error:
            complaints.append(Missing(section.key, key, f"{field.label.rstrip('?.')}: {error}"))
    if complaints:
        raise BadInput(tuple(complaints))
    return answers


def read_text(name: str, value: object, max_length: int = LONG, *, one_line: bool = False) -> str:
    """Return the text in NFC, trimmed, "" where it is empty; raise BadInput where it is not text, too long or can’t be printed."""
    try:
        return clean(value, max_length, one_line=one_line) or ""
    except ValueError as error:
        raise BadInput.about(name, f"{called(name)}: {error}") from error


def read_day(name: str, value: object) -> date | None:
    try:
        return date.fromisoformat(parse_iso_date(value)) if value not in (None, "") else None
    except ValueError as error:
        raise BadInput.about(name, f"{called(name)}: {error}") from error


def called(name: str) -> str:
    return CALLED.get(name) or name.replace("_", " ").capitalize()


def _read(field: Field, value: object, directory: Directory) -> object:
    if value is None or value == "":
        return None
    return FIELD_TYPES[field.kind].parse(field, value, directory)


def _shown(key: object) -> str:
    text = str(key)[:40]
    return "".join(character if character.isprintable() else "?" for character in text)
