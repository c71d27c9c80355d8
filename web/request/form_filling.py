"""Put values into one form of a page that is already rendered, whatever fields it has: so no page has to know how.

Everything else of the page is copied as it is.
"""

from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser

Attributes = list[tuple[str, str | None]]
Values = Mapping[str, Sequence[str]]
NO_TEXT = {"radio", "checkbox", "submit", "button", "file", "password"}
MARKER = "unsaved"


def fill_form(content: str, here: str, path: str, marker: str, values: Values | None) -> str | None:
    """The page with these values in the first form that is posted to `path`, which then sends the marker along; None without such a form.

    `here` is the page’s own path. Without values only the marker is added.
    """
    filling = _Filling(here, path, marker, values)
    filling.feed(content)
    filling.close()
    return "".join(filling.copied) if filling.is_found else None


class _Filling(HTMLParser):
    def __init__(self, here: str, path: str, marker: str, values: Values | None) -> None:
        super().__init__(convert_charrefs=False)
        self.here, self.path, self.marker, self.values = here, path, marker, values or {}
        self.copied: list[str] = []
        self.is_found, self.is_inside, self.is_replaced = False, False, False
        self.choices: Sequence[str] | None = None
        """What is chosen in the list that is being copied, where it is known."""
        self.folded: list[int] = []
        """Where in the copy the folded parts begin that are open now."""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        given = dict(attrs)
        if tag == "details":
            self.folded.append(len(self.copied))
        if tag == "form" and not self.is_found and self._is_sought(given):
            self._enter()
        elif self.is_inside and tag in {"input", "textarea", "select", "option"}:
            self._field(tag, given)
        else:
            self.copied.append(self._source())

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.is_inside = False
        elif tag == "details" and self.folded:
            self.folded.pop()
        elif tag == "select":
            self.choices = None
        elif tag == "textarea":
            self.is_replaced = False
        self.copied.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.is_replaced:
            self.copied.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self.handle_data(f"<!--{data}-->")

    def _is_sought(self, given: Mapping[str, str | None]) -> bool:
        return given.get("method") == "post" and (given.get("action") or self.here) == self.path

    def _enter(self) -> None:
        self.is_found = self.is_inside = True
        self.copied += [self._source(), _tag("input", {"type": "hidden", "name": MARKER, "value": self.marker})]
        if self.values:
            self._unfold()

    def _unfold(self) -> None:
        for at in self.folded:
            if " open" not in self.copied[at]:
                self.copied[at] = self.copied[at].removesuffix(">") + " open>"

    def _field(self, tag: str, given: dict[str, str | None]) -> None:
        values = self.values.get(given.get("name") or "")
        if tag == "select":
            self.choices = values
        if tag == "option" and self.choices is not None:
            self.copied.append(_tag(tag, _chosen(given, "selected", given.get("value") in self.choices)))
        elif tag == "input" and self.values:
            self.copied.append(self._input(given, values))
        else:
            self.copied.append(self._source())
        if tag == "textarea" and values:
            # The parser of a browser drops a line break here.
            self.copied.append("\n" + escape(values[0]))
            self.is_replaced = True

    def _input(self, given: dict[str, str | None], values: Sequence[str] | None) -> str:
        kind = given.get("type") or "text"
        if kind in {"radio", "checkbox"}:
            return _tag("input", _chosen(given, "checked", given.get("value") in (values or ())))
        return self._source() if values is None or kind in NO_TEXT else _tag("input", given | {"value": values[0]})

    def _source(self) -> str:
        return self.get_starttag_text() or ""


def _chosen(given: dict[str, str | None], attribute: str, is_chosen: bool) -> dict[str, str | None]:
    rest = {name: value for name, value in given.items() if name != attribute}
    return rest | {attribute: None} if is_chosen else rest


def _tag(name: str, attributes: Mapping[str, str | None]) -> str:
    return " ".join([f"<{name}", *(key if value is None else f'{key}="{escape(value)}"' for key, value in attributes.items())]) + ">"
