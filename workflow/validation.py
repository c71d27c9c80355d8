"""What somebody typed -> answers of a section, or one sentence a field. Nothing is stored that later can't be shown."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from workflow.directory import Directory
from workflow.errors import BadInput, Missing
from workflow.forms import Field, Section
from workflow.models import Answers

LONG = 200_000
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CALLED = {"text": "Agreed action", "due_on": "Due date", "plan": "Response plan", "q": "Search"}
LINE_BREAKS = {"\n", "\t"}


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
        return date.fromisoformat(_day(value)) if value not in (None, "") else None
    except ValueError as error:
        raise BadInput.about(name, f"{_called(name)}: {error}") from error


def _called(name: str) -> str:
    return CALLED.get(name) or name.replace("_", " ").capitalize()


def clean(value: object, max_length: int, *, one_line: bool = False) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("this must be text.")
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(text) > max_length:
        raise ValueError(f"this is {len(text):,} characters long; {max_length:,} is the most that fits.")
    if one_line:
        text = text.replace("\u00a0", " ").replace("\u202f", " ")
    if not (text.isprintable() or (not one_line and all(map(_can_be_shown, set(text))))):
        raise ValueError("this holds a character that can’t be stored or printed.")
    return text or None


def _can_be_shown(character: str) -> bool:
    return character in LINE_BREAKS or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in "\ufffe\uffff")


def _read(field: Field, value: object, directory: Directory) -> object:
    if value is None or value == "":
        return None
    return READERS[field.kind](field, value, directory)


def _read_text(field: Field, value: object, directory: Directory) -> object:
    return clean(value, field.max_length or LONG, one_line=True)


def _read_long_text(field: Field, value: object, directory: Directory) -> object:
    return clean(value, field.max_length or LONG)


def _read_date(field: Field, value: object, directory: Directory) -> object:
    return _day(value)


def _day(value: object) -> str:
    try:
        # Python also reads week dates, which nobody here writes.
        if not isinstance(value, str) or not DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("this must be a real date, like 2026-11-23.") from None


def _read_yes_no(field: Field, value: object, directory: Directory) -> object:
    if not isinstance(value, bool):
        raise ValueError("this must be yes or no.")
    return value


def _read_choice(field: Field, value: object, directory: Directory) -> object:
    values = [choice.value for choice in field.choices]
    if not isinstance(value, str) or value not in values:
        raise ValueError(f"this must be one of {', '.join(map(str, values))}.")
    return value


def _read_person(field: Field, value: object, directory: Directory) -> object:
    person = directory.by_email(value) if isinstance(value, str) else None
    if person is None:
        raise ValueError("nobody here has that email address.")
    return person.id


def _read_team(field: Field, value: object, directory: Directory) -> object:
    if not isinstance(value, str) or value not in directory.teams:
        raise ValueError("there is no team with that code.")
    return value


READERS = {
    "text": _read_text, "long_text": _read_long_text, "date": _read_date, "yes_no": _read_yes_no,
    "choice": _read_choice, "person": _read_person, "team": _read_team,
}  # fmt: skip


def _shown(key: object) -> str:
    text = str(key)[:40]
    return "".join(character if character.isprintable() else "?" for character in text)
