"""The types of a form's fields, one row each: how an answer is parsed and serialised. web/audits/field_types.py has a row each too."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from workflow.directory import Directory
from workflow.forms import Field
from workflow.pasted_text import ensure_printable, normalise, tidy
from workflow.text_limits import LONG, ensure_short, ensure_workable

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def clean(value: object, max_length: int, *, one_line: bool = False) -> str | None:
    """Text in NFC, tidied and trimmed, None where it is empty; raises ValueError for what is no text, is too long or can’t be printed."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("this must be text.")
    text = tidy(value, one_line=one_line)
    ensure_workable(text, max_length)
    text = normalise(text)
    # Some characters become two or three.
    ensure_short(text, max_length)
    ensure_printable(text, one_line=one_line)
    return text or None


class UnreadDate(str):
    """What was typed in the boxes of a date, where it could not be understood. `fault` names the box."""

    fault: str

    def __new__(cls, typed: str, fault: str) -> "UnreadDate":
        made = super().__new__(cls, typed)
        made.fault = fault
        return made


def parse_iso_date(value: object) -> str:
    """Raise ValueError for what is no date like 2026-11-23."""
    if isinstance(value, UnreadDate):
        raise ValueError(value.fault)
    try:
        # Python also reads week dates, which nobody types here.
        if not isinstance(value, str) or not DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("this must be a real date, like 2026-11-23.") from None


def _parse_text(field: Field, value: object, directory: Directory) -> object:
    return clean(value, field.max_length or LONG, one_line=True)


def _parse_long_text(field: Field, value: object, directory: Directory) -> object:
    return clean(value, field.max_length or LONG)


def _parse_date(field: Field, value: object, directory: Directory) -> object:
    return parse_iso_date(value)


def _parse_yes_no(field: Field, value: object, directory: Directory) -> object:
    if not isinstance(value, bool):
        raise ValueError("this must be yes or no.")
    return value


def _parse_choice(field: Field, value: object, directory: Directory) -> object:
    values = [choice.value for choice in field.choices]
    if not isinstance(value, str) or value not in values:
        raise ValueError(f"this must be one of {', '.join(map(str, values))}.")
    return value


def _parse_person(field: Field, value: object, directory: Directory) -> object:
    person = directory.by_email(value) if isinstance(value, str) else None
    if person is None:
        raise ValueError("nobody here has that email address.")
    if not person.works_with_cases:
        raise ValueError(f"{person.name} does not work with cases: choose somebody else.")
    return person.id


def _parse_team(field: Field, value: object, directory: Directory) -> object:
    if not isinstance(value, str) or value not in directory.teams:
        raise ValueError("there is no team with that code.")
    return value


def _as_stored(answer: object, directory: Directory) -> object:
    return answer


def _email(answer: object, directory: Directory) -> object:
    person = directory.person(answer) if isinstance(answer, int) else None
    return person.email if person else None


@dataclass(frozen=True, slots=True)
class FieldType:
    """`parse` is given what was sent and raises ValueError; `serialise` gives the stored answer as JSON sends it."""

    parse: Callable[[Field, object, Directory], object]
    serialise: Callable[[object, Directory], object] = _as_stored
    max_length: int | None = None
    """In characters, where the form says no other."""
    has_choices: bool = False
    is_person: bool = False
    """The answer is a person's id: what is sealed keeps their name."""
    is_team: bool = False
    """The answer is a team's code: what is sealed keeps its name."""


FIELD_TYPES: Mapping[str, FieldType] = {
    "text": FieldType(_parse_text, max_length=500),
    "long_text": FieldType(_parse_long_text, max_length=LONG),
    "date": FieldType(_parse_date),
    "person": FieldType(_parse_person, _email, is_person=True),
    "team": FieldType(_parse_team, is_team=True),
    "yes_no": FieldType(_parse_yes_no),
    "choice": FieldType(_parse_choice, has_choices=True),
}
