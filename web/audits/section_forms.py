"""Turn a section's form fields into answers and back. The command validates the answers."""

from collections.abc import Mapping
from typing import Any

from web.audits.field_types import FIELD_TYPES
from web.request.form_fields import SURE
from workflow.directory import Directory
from workflow.errors import BadInput, Missing
from workflow.forms import Field, Form, Section
from workflow.models import Answers

NOT_ANSWERS = {"csrf_token", "seen", "then", "kept", "unsaved", SURE}


def read_form(section: Section, typed: Mapping[str, str]) -> dict[str, object]:
    """Return the answers in a submitted form. Raise BadInput for a field that the page does not have."""
    allowed = NOT_ANSWERS | {name for field in section.fields for name in FIELD_TYPES[field.kind].names(field)}
    if unknown := sorted(typed.keys() - allowed):
        raise BadInput((Missing(section.key, unknown[0][:40], "This page has no such field."),))
    return {field.key: FIELD_TYPES[field.kind].bind(field, typed) for field in section.fields}


def typed_values(section: Section, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed, to show it again."""
    return {field.key: FIELD_TYPES[field.kind].redisplay(field, typed) for field in section.fields}


def stored_values(section: Section, answers: Answers, directory: Directory) -> dict[str, Any]:
    """Return stored answers as form values."""
    return {field.key: FIELD_TYPES[field.kind].show(answers.get(field.key), directory) for field in section.fields}


def describe_answers(form: Form, key: str, answers: Answers, directory: Directory) -> dict[str, str]:
    """Return stored answers as text, for a person who can't change them."""
    return {field.key: _describe(field, answers.get(field.key), directory) for field in form.section(key).fields}


def _describe(field: Field, answer: object, directory: Directory) -> str:
    return "" if answer is None else FIELD_TYPES[field.kind].as_text(field, answer, directory)
