"""What somebody sent and the service could not take: all of it is put on the page, to be sent again with one press."""

from dataclasses import dataclass

from flask import request, url_for

from web.request.context import current_council
from web.request.view_options import current_view_options

OURS = {"csrf_token", "seen", "kept", "then"}
LONG = 40


@dataclass(frozen=True, slots=True)
class TypedText:
    name: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class PostedForm:
    """Where to, the words, and what was chosen or is the page’s own: it is sent along unseen."""

    to: str
    typed: tuple[TypedText, ...]
    others: tuple[tuple[str, str], ...]


def posted_form() -> PostedForm | None:
    if request.method != "POST" or request.endpoint is None or not current_view_options().replays_form:
        return None
    given = tuple(request.form.items(multi=True))
    typed = tuple(TypedText(name, _label(name), value) for name, value in given if _is_written(name, value))
    return PostedForm(url_for(request.endpoint, **request.view_args or {}), typed, tuple(one for one in given if not _is_written(*one)))


def _is_written(name: str, value: str) -> bool:
    """A choice is one word."""
    return name not in OURS and (len(value) > LONG or len(value.split()) > 1)


def _label(name: str) -> str:
    """As the form calls it, where it is one of its fields; the audit’s own edition of the form lies in the database."""
    key = (request.view_args or {}).get("section")
    sections = [section for section in current_council().forms.current.sections if section.key == key]
    labels = [field.label for section in sections for field in section.fields if field.key == name]
    return labels[0] if labels else name.replace("_", " ").capitalize()
