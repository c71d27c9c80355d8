"""What somebody typed -> answers of a section, or one sentence a field. Nothing is stored that later can't be shown."""

from collections.abc import Mapping
from datetime import date

from workflow.directory import Directory
from workflow.errors import BadInput, Missing
from workflow.field_types import FIELD_TYPES, LONG, clean, parse_iso_date
from workflow.forms import Field, Section
from workflow.models import Answers

CALLED = {"text": "Agreed action", "due_on": "Due date", "plan": "Response plan", "q": "Search"}


def read_answers(section: Section, given: Mapping[str, object], directory: Directory) -> Answers:
    """The section's answers, each field present, None where not answered; raises BadInput with all complaints at once."""
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


def read_text(name: str, value: object, max_length: int = LONG) -> str:
    """Text in NFC, trimmed, "" where nothing is said; raises BadInput for what is no text, too long or can't be shown."""
    try:
        return clean(value, max_length) or ""
    except ValueError as error:
        raise BadInput.about(name, f"{_called(name)}: {error}") from error


def read_day(name: str, value: object) -> date | None:
    try:
        return date.fromisoformat(parse_iso_date(value)) if value not in (None, "") else None
    except ValueError as error:
        raise BadInput.about(name, f"{_called(name)}: {error}") from error


def _called(name: str) -> str:
    return CALLED.get(name) or name.replace("_", " ").capitalize()


def _read(field: Field, value: object, directory: Directory) -> object:
    if value is None or value == "":
        return None
    return FIELD_TYPES[field.kind].parse(field, value, directory)


def _shown(key: object) -> str:
    text = str(key)[:40]
    return "".join(character if character.isprintable() else "?" for character in text)
