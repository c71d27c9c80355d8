"""A posted form that could not be saved: the error page holds all of it, to be sent again with one press, or to be copied."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import g, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from web.request.context import current_council
from web.request.form_fields import SURE
from web.request.view_options import current_view_options

OWN_FIELDS = {"csrf_token", "seen", "kept", "then", "once", "unsaved", SURE}
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
    if request.endpoint is None or not current_view_options().replays_form or not (given := readable_form()):
        return None
    typed = tuple(TypedText(name, _label(name), value) for name, value in given if _is_written(name, value))
    return PostedForm(url_for(request.endpoint, **request.view_args or {}), typed, tuple(one for one in given if not _is_written(*one)))


def leave_form_unread() -> None:
    """Reading it takes too long."""
    g.form_stays_unread = True


def readable_form() -> tuple[tuple[str, str], ...]:
    """Every field of a posted form; none where it is too large to be read."""
    if request.method != "POST" or "form_stays_unread" in g:
        return ()
    try:
        return tuple(request.form.items(multi=True))
    except RequestEntityTooLarge:
        return ()


def name_typed(given: Iterable[tuple[str, str]]) -> tuple[TypedText, ...]:
    """All that was typed or chosen, to be read: none of it is sent again."""
    return tuple(TypedText(name, _label(name), value) for name, value in given if name not in OWN_FIELDS and value.strip())


def typed_in_posted_form() -> tuple[TypedText, ...]:
    return name_typed(readable_form()) if current_view_options().replays_form else ()


def _is_written(name: str, value: str) -> bool:
    """Whether it is text somebody wrote: a choice is one word."""
    return name not in OWN_FIELDS and (len(value) > LONG_TEXT or len(value.split()) > 1)


def _label(name: str) -> str:
    """The field’s label in the current form: the audit’s own version of the form is in the database, which can’t be read now."""
    key = (request.view_args or {}).get("section")
    sections = [section for section in current_council().forms.current.sections if section.key == key]
    labels = [field.label for section in sections for field in section.fields if field.key == name]
    return labels[0] if labels else name.replace("_", " ").capitalize()
