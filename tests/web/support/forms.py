"""The forms of a page: their fields and what is in them, as a browser would send it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = Mapping[str, str | None]
BUTTONS = {"submit", "button"}


@dataclass
class Field:
    kind: str
    values: list[str] = field(default_factory=list)
    """What is in it or chosen."""
    offered: list[str] = field(default_factory=list)

    @property
    def is_choice(self) -> bool:
        return self.kind in {"radio", "checkbox", "select"}


@dataclass
class Form:
    path: str
    fields: dict[str, Field] = field(default_factory=dict)

    @property
    def asked(self) -> dict[str, Field]:
        """What somebody types or chooses."""
        return {name: one for name, one in self.fields.items() if one.kind != "hidden"}

    def sent(self) -> dict[str, list[str]]:
        return {name: one.values for name, one in self.fields.items() if one.values}


def forms_of(page: str, path: str) -> list[Form]:
    reading = _Reading(path)
    reading.feed(page)
    return reading.forms


class _Reading(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms = path, list[Form]()
        self.form: Form | None = None
        self.field: Field | None = None
        self.text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        its = dict(attrs)
        if tag == "form" and its.get("method") == "post":
            self.form = Form(its.get("action") or self.path)
            self.forms.append(self.form)
        elif self.form and tag in {"input", "select", "textarea"} and (name := its.get("name")):
            kind = (its.get("type") or "text") if tag == "input" else tag
            if kind not in BUTTONS:
                self.field = self.form.fields.setdefault(name, Field(kind))
                self._value(its)
        elif self.field and tag == "option":
            self._choice(its, "selected")

    def _value(self, its: Attributes) -> None:
        assert self.field
        if self.field.kind in {"radio", "checkbox"}:
            self._choice(its, "checked")
        elif self.field.kind == "textarea":
            self.text = ""
        elif self.field.kind != "select":
            self.field.values.append(its.get("value") or "")

    def _choice(self, its: Attributes, chosen: str) -> None:
        assert self.field
        self.field.offered.append(its.get("value") or "")
        if chosen in its:
            self.field.values.append(its.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.field and self.text is not None:
            self.field.values.append(self.text.removeprefix("\n"))
            self.text = None
        elif tag == "form":
            self.form = None
