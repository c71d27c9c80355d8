"""Turn a section's form fields into answers and back. The command validates the answers."""

from collections.abc import Mapping
from typing import Any

from web.audits.field_types import FIELD_TYPES
from workflow.directory import Directory
from workflow.errors import BadInput, Missing
from workflow.forms import Field, Form, Section
from workflow.models import Answers

BESIDES = {"csrf_token", "seen", "then", "kept"}


def answers_typed(section: Section, typed: Mapping[str, str]) -> dict[str, object]:
    """Return the answers in a submitted form. Raise BadInput for a field that the page does not have."""
    allowed = BESIDES | {name for field in section.fields for name in FIELD_TYPES[field.kind].names(field)}
    if unknown := sorted(typed.keys() - allowed):
        raise BadInput((Missing(section.key, unknown[0][:40], "This page has no such field."),))
    return {field.key: FIELD_TYPES[field.kind].bind(field, typed) for field in section.fields}


def values_typed(section: Section, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed, to show it again."""
    return {field.key: FIELD_TYPES[field.kind].redisplay(field, typed) for field in section.fields}


def values_stored(section: Section, answers: Answers, directory: Directory) -> dict[str, Any]:
    """Return stored answers as form values."""
    return {field.key: FIELD_TYPES[field.kind].show(answers.get(field.key), directory) for field in section.fields}


def words_stored(form: Form, key: str, answers: Answers, directory: Directory) -> dict[str, str]:
    """Return stored answers as text, for a person who can't change them."""
    return {field.key: _in_words(field, answers.get(field.key), directory) for field in form.section(key).fields}


def _in_words(field: Field, answer: object, directory: Directory) -> str:
    return "" if answer is None else FIELD_TYPES[field.kind].in_words(field, answer, directory)
