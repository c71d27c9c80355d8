"""The types of a form's fields on a page, one row each: its inputs, their values and the answer as text."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from web.directory.choices import Option, group_by_team, list_with_role
from web.formatting import choice_items, day
from web.request.form_fields import DATE_PARTS, read_date
from workflow.directory import Directory
from workflow.forms import Choice, Field

Typed = Mapping[str, str]
YES_NO = (Choice("yes", "Yes"), Choice("no", "No"))


def _one_name(field: Field) -> list[str]:
    return [field.key]


def _date_names(field: Field) -> list[str]:
    return [f"{field.key}-{part}" for part in DATE_PARTS]


def _typed(field: Field, typed: Typed) -> str:
    return typed.get(field.key, "")


def _bind_date(field: Field, typed: Typed) -> object:
    return read_date(field.key, typed)


def _bind_yes_no(field: Field, typed: Typed) -> object:
    value = _typed(field, typed)
    return {"yes": True, "no": False}.get(value, value)


def _typed_date(field: Field, typed: Typed) -> Any:
    return {part: typed.get(f"{field.key}-{part}", "") for part in DATE_PARTS}


def _stored(answer: object, directory: Directory) -> Any:
    return answer or ""


def _stored_date(answer: object, directory: Directory) -> Any:
    year, month, day_ = str(answer).split("-") if answer else ("", "", "")
    return {"day": day_.lstrip("0"), "month": month.lstrip("0"), "year": year}


def _stored_person(answer: object, directory: Directory) -> Any:
    person = directory.person(answer) if isinstance(answer, int) else None
    return person.email if person else ""


def _stored_yes_no(answer: object, directory: Directory) -> Any:
    return "" if answer is None else "yes" if answer else "no"


def _text_as_text(field: Field, answer: object, directory: Directory) -> str:
    return str(answer)


def _date_as_text(field: Field, answer: object, directory: Directory) -> str:
    return day(str(answer))


def _person_as_text(field: Field, answer: object, directory: Directory) -> str:
    person = directory.person(answer) if isinstance(answer, int) else None
    return person.name if person else ""


def _team_as_text(field: Field, answer: object, directory: Directory) -> str:
    return directory.teams[str(answer)].name if str(answer) in directory.teams else str(answer)


def _yes_no_as_text(field: Field, answer: object, directory: Directory) -> str:
    return "Yes" if answer else "No"


def _choice_as_text(field: Field, answer: object, directory: Directory) -> str:
    return next((choice.label for choice in field.choices if choice.value == answer), str(answer))


def _no_options(field: Field, values: Mapping[str, Any], directory: Directory) -> Iterable[Any]:
    return ()


def _people(field: Field, values: Mapping[str, Any], directory: Directory) -> list[Option]:
    return group_by_team(list_with_role(directory, field.key), directory.teams.get(values.get("team", "")))


@dataclass(frozen=True, slots=True)
class PageFieldType:
    """`widget` is one of those in _fields.html."""

    widget: str
    names: Callable[[Field], list[str]] = _one_name
    """The names of its inputs."""
    bind: Callable[[Field, Typed], object] = _typed
    """What was typed, as the command takes it."""
    redisplay: Callable[[Field, Typed], Any] = _typed
    """What was typed, as the page shows it again."""
    show: Callable[[object, Directory], Any] = _stored
    """The stored answer, as the page shows it in its inputs."""
    as_text: Callable[[Field, object, Directory], str] = _text_as_text
    """The stored answer, for people who only read; never called without an answer."""
    options: Callable[[Field, Mapping[str, Any], Directory], Iterable[Any]] = _no_options
    """What the page offers to choose from, given the values that it shows."""


FIELD_TYPES: Mapping[str, PageFieldType] = {
    "text": PageFieldType("one_line"),
    "long_text": PageFieldType("several_lines"),
    "date": PageFieldType("date", _date_names, _bind_date, _typed_date, _stored_date, _date_as_text),
    "person": PageFieldType("select", show=_stored_person, as_text=_person_as_text, options=_people),
    "team": PageFieldType(
        "select", as_text=_team_as_text,
        options=lambda field, values, directory: [Option(team.code, team.name) for team in directory.teams.values()],
    ),
    "yes_no": PageFieldType(
        "radios", bind=_bind_yes_no, show=_stored_yes_no, as_text=_yes_no_as_text,
        options=lambda field, values, directory: choice_items(YES_NO, values[field.key]),
    ),
    "choice": PageFieldType(
        "radios", as_text=_choice_as_text, options=lambda field, values, directory: choice_items(field.choices, values[field.key]),
    ),
}  # fmt: skip
