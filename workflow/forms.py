"""A form as data: sections, fields and guidance. `form_loader` reads one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from workflow.errors import ConfigurationError


class BrokenForm(ConfigurationError):
    """The form’s file has a fault."""


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """`max_length` is in characters, None where the type has none; `added` marks what is not on the paper form."""

    key: str
    label: str
    kind: str
    choices: tuple[Choice, ...] = ()
    tip: str = ""
    max_length: int | None = None
    added: bool = False


@dataclass(frozen=True, slots=True)
class ShownWhen:
    section: str
    field: str
    value: object


@dataclass(frozen=True, slots=True)
class Guidance:
    text: str
    shown_when: ShownWhen | None = None

    def applies(self, sections: Mapping[str, Mapping[str, object]]) -> bool:
        wanted = self.shown_when
        return wanted is None or sections.get(wanted.section, {}).get(wanted.field) == wanted.value


@dataclass(frozen=True, slots=True)
class Section:
    """`number` is the paper form’s; `part` is "audit" or "moderation"; `overall` marks the final judgement."""

    key: str
    title: str
    part: str
    number: int | None = None
    introduction: str = ""
    hint: str = ""
    guidance: tuple[Guidance, ...] = ()
    fields: tuple[Field, ...] = ()
    columns: tuple[str, ...] = ()
    may_be_not_applicable: bool = False
    overall: bool = False
    added: bool = False

    def field(self, key: str) -> Field:
        return next(field for field in self.fields if field.key == key)

    @property
    def is_graded(self) -> bool:
        return any(field.key == "grade" for field in self.fields)


@dataclass(frozen=True)
class Form:
    """`text` is the file it was read from: an audit keeps the version it was started on."""

    key: str
    version: int
    title: str
    sections: tuple[Section, ...]
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_key", {section.key: section for section in self.sections})

    def section(self, key: str) -> Section:
        """Raise KeyError for a section that the form does not have."""
        found: Section = self._by_key[key]  # type: ignore[attr-defined]
        return found

    @property
    def areas(self) -> tuple[Section, ...]:
        """The graded sections, the final judgement last."""
        return tuple(section for section in self.sections if section.part == "audit" and section.is_graded)

    @property
    def overall(self) -> Section:
        return next(section for section in self.sections if section.overall)

    @cached_property
    def grade_titles(self) -> Mapping[str, str]:
        """What each grade, and “not applicable”, is called."""
        fields = (section.field("grade") for section in (self.overall, *self.areas))
        return {choice.value: choice.label for field in fields for choice in field.choices}


def as_json(form: Form) -> dict[str, object]:
    return {"key": form.key, "version": form.version, "title": form.title, "sections": [_section(section) for section in form.sections]}


def _section(section: Section) -> dict[str, object]:
    return {
        "key": section.key, "number": section.number, "title": section.title, "part": section.part, "introduction": section.introduction,
        "hint": section.hint, "columns": list(section.columns), "may_be_not_applicable": section.may_be_not_applicable,
        "overall": section.overall, "prompts": [_guidance(prompt) for prompt in section.guidance],
        "fields": [_field(field) for field in section.fields],
    }  # fmt: skip


def _guidance(guidance: Guidance) -> dict[str, object]:
    when = guidance.shown_when
    shown = {"section": when.section, "field": when.field, "is": when.value} if when else None
    return {"text": guidance.text, "shown_when": shown}


def _field(field: Field) -> dict[str, object]:
    choices = [{"value": choice.value, "label": choice.label} for choice in field.choices]
    return {
        "key": field.key,
        "label": field.label,
        "type": field.kind,
        "choices": choices,
        "tip": field.tip,
        "max_length": field.max_length,
    }
