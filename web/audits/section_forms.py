"""A section’s page as typed -> answers as the form’s fields have them; the command judges them."""

from collections.abc import Mapping
from typing import Any

from web.formatting import day
from web.request.form_fields import DATE_PARTS, read_date
from workflow.directory import Directory
from workflow.errors import BadInput, Missing
from workflow.forms import Field, Form, Section
from workflow.models import Answers

BESIDES = {"csrf_token", "seen", "then", "kept"}


def answers_typed(section: Section, typed: Mapping[str, str]) -> dict[str, object]:
    """Raise BadInput for a field that the page does not have."""
    allowed = BESIDES | {name for field in section.fields for name in _names(field)}
    if unknown := sorted(typed.keys() - allowed):
        raise BadInput((Missing(section.key, unknown[0][:40], "This page has no such field."),))
    return {field.key: _read(field, typed) for field in section.fields}


def values_typed(section: Section, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed, as the page shows it again."""
    return {field.key: _parts_typed(field, typed) if field.kind == "date" else typed.get(field.key, "") for field in section.fields}


def values_stored(section: Section, answers: Answers, directory: Directory) -> dict[str, Any]:
    """What is stored, as the page shows it."""
    return {field.key: _shown(field, answers.get(field.key), directory) for field in section.fields}


def words_stored(form: Form, key: str, answers: Answers, directory: Directory) -> dict[str, str]:
    """What is stored, in words, for who only reads."""
    return {field.key: _in_words(field, answers.get(field.key), directory) for field in form.section(key).fields}


def _names(field: Field) -> list[str]:
    return [f"{field.key}-{part}" for part in DATE_PARTS] if field.kind == "date" else [field.key]


def _read(field: Field, typed: Mapping[str, str]) -> object:
    if field.kind == "date":
        return read_date(field.key, typed)
    value = typed.get(field.key, "")
    return {"yes": True, "no": False}.get(value, value) if field.kind == "yes_no" else value


def _parts_typed(field: Field, typed: Mapping[str, str]) -> dict[str, str]:
    return {part: typed.get(f"{field.key}-{part}", "") for part in DATE_PARTS}


def _shown(field: Field, answer: object, directory: Directory) -> Any:
    if field.kind == "date":
        year, month, day = str(answer).split("-") if answer else ("", "", "")
        return {"day": day.lstrip("0"), "month": month.lstrip("0"), "year": year}
    if field.kind == "person":
        person = directory.person(answer) if isinstance(answer, int) else None
        return person.email if person else ""
    if field.kind == "yes_no":
        return {True: "yes", False: "no"}.get(bool(answer)) if answer is not None else ""
    return answer or ""


def _in_words(field: Field, answer: object, directory: Directory) -> str:
    if answer is None:
        return ""
    if field.kind == "person" and isinstance(answer, int):
        person = directory.person(answer)
        return person.name if person else ""
    if field.kind == "team":
        return directory.teams[str(answer)].name if str(answer) in directory.teams else str(answer)
    if field.kind == "yes_no":
        return "Yes" if answer else "No"
    if field.kind == "date":
        return day(str(answer))
    return next((choice.label for choice in field.choices if choice.value == answer), str(answer))
