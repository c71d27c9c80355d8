"""A posted form that could not be saved: the error page holds all of it, to be sent again with one press."""

from dataclasses import dataclass

from flask import request, url_for

from web.request.context import current_council
from web.request.view_options import current_view_options

OWN_FIELDS = {"csrf_token", "seen", "kept", "then"}
LONG_TEXT = 40


@dataclass(frozen=True, slots=True)
class TypedText:
    name: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class PostedForm:
    """Where it was sent, the typed text that the page shows, and the other fields, which it sends along hidden."""

    url: str
    typed: tuple[TypedText, ...]
    hidden: tuple[tuple[str, str], ...]


def posted_form() -> PostedForm | None:
    if request.method != "POST" or request.endpoint is None or not current_view_options().replays_form:
        return None
    given = tuple(request.form.items(multi=True))
    typed = tuple(TypedText(name, _label(name), value) for name, value in given if _is_written(name, value))
    return PostedForm(url_for(request.endpoint, **request.view_args or {}), typed, tuple(one for one in given if not _is_written(*one)))


def _is_written(name: str, value: str) -> bool:
    """Whether it is text somebody wrote: a choice is one word."""
    return name not in OWN_FIELDS and (len(value) > LONG_TEXT or len(value.split()) > 1)


def _label(name: str) -> str:
    """The field’s label in the current form: the audit’s own version of the form is in the database, which can’t be read now."""
    key = (request.view_args or {}).get("section")
    sections = [section for section in current_council().forms.current.sections if section.key == key]
    labels = [field.label for section in sections for field in section.fields if field.key == name]
    return labels[0] if labels else name.replace("_", " ").capitalize()
