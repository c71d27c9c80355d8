"""Reading a form’s TOML. A fault is one sentence that names the line or the key."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workflow.field_types import FIELD_TYPES
from workflow.forms import BrokenForm, Choice, Field, Form, Guidance, Section, ShownWhen

PARTS = ("audit", "moderation")
FORM_KEYS = {"key": str, "version": int, "title": str, "choices": dict, "fields": dict, "section": list}
SECTION_KEYS = {
    "key": str, "title": str, "part": str, "number": int, "introduction": str, "hint": str, "guidance": list, "fields": list,
    "fields_from": str, "columns": list, "may_be_not_applicable": bool, "overall": bool, "added": bool,
}  # fmt: skip
FIELD_KEYS = {"key": str, "label": str, "kind": str, "choices_from": str, "tip": str, "max_length": int, "added": bool}
CHOICE_KEYS = {"value": str, "label": str}
GUIDANCE_KEYS = {"text": str, "shown_when": dict}
SHOWN_WHEN_KEYS = {"section": str, "field": str, "is": (bool, str)}
Table = Mapping[str, Any]


def load_form(path: Path) -> Form:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BrokenForm(f"{path.name} is not text in UTF-8.") from error
    return read_form(text, path.name)


def read_form(text: str, name: str) -> Form:
    """Raise BrokenForm for anything that could not be shown, filled in or stored."""
    try:
        table = tomllib.loads(text)
        return _form(table, text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenForm(f"{name} is not readable TOML: {error}.") from error
    except _Wrong as wrong:
        raise BrokenForm(f"{name}: {wrong}.") from wrong


class _Wrong(Exception):
    pass


def _form(table: Table, text: str) -> Form:
    _check(table, FORM_KEYS, {"key", "version", "title", "section"}, "the form")
    choices = {name: _choices(rows, f"choices.{name}") for name, rows in table.get("choices", {}).items()}
    sets = {name: _fields(rows, choices, f"fields.{name}") for name, rows in table.get("fields", {}).items()}
    sections = tuple(_section(row, f"section {n + 1}", choices, sets) for n, row in enumerate(table["section"]))
    _once([section.key for section in sections], "the section")
    form = Form(table["key"], table["version"], table["title"], sections, text)
    for complaint in _complaints(form):
        raise _Wrong(complaint)
    return form


def _section(row: Table, place: str, choices: dict[str, tuple[Choice, ...]], sets: dict[str, tuple[Field, ...]]) -> Section:
    place = _named(row, place)
    _check(row, SECTION_KEYS, {"key", "title", "part"}, place)
    _one_of(row["part"], PARTS, f"{place}: part")
    chosen = row.get("fields_from")
    if chosen is not None:
        _one_of(chosen, tuple(sets), f"{place}: fields_from")
    fields = sets[chosen] if chosen else _fields(row.get("fields", []), choices, place)
    plain = {key: value for key, value in row.items() if key not in {"fields", "fields_from", "guidance", "columns"}}
    guidance = tuple(_guidance(one, place) for one in row.get("guidance", ()))
    return Section(**plain, guidance=guidance, fields=fields, columns=tuple(row.get("columns", ())))


def _fields(rows: Any, choices: dict[str, tuple[Choice, ...]], place: str) -> tuple[Field, ...]:
    _is_list_of_tables(rows, f"{place}: fields")
    fields = tuple(_field(row, choices, f"{place}: field {n + 1}") for n, row in enumerate(rows))
    _once([field.key for field in fields], f"{place}: the field")
    return fields


def _field(row: Table, choices: dict[str, tuple[Choice, ...]], place: str) -> Field:
    place = _named(row, place)
    _check(row, FIELD_KEYS, {"key", "label", "kind"}, place)
    _one_of(row["kind"], tuple(FIELD_TYPES), f"{place}: kind")
    named = row.get("choices_from", "")
    if FIELD_TYPES[row["kind"]].has_choices != bool(named):
        raise _Wrong(f"{place}: choices_from goes with the kind choice, and with no other")
    if named:
        _one_of(named, tuple(choices), f"{place}: choices_from")
    most = row.get("max_length", FIELD_TYPES[row["kind"]].max_length)
    plain = {key: row[key] for key in ("key", "label", "kind", "tip", "added") if key in row}
    return Field(**plain, choices=choices.get(named, ()), max_length=most)


def _choices(rows: Any, place: str) -> tuple[Choice, ...]:
    _is_list_of_tables(rows, place)
    if not rows:
        raise _Wrong(f"{place} offers nothing to choose from")
    for row in rows:
        _check(row, CHOICE_KEYS, {"value", "label"}, place)
    _once([row["value"] for row in rows], f"{place}: the value")
    return tuple(Choice(row["value"], row["label"]) for row in rows)


def _guidance(one: Any, place: str) -> Guidance:
    if isinstance(one, str):
        return Guidance(one)
    _check(one, GUIDANCE_KEYS, {"text"}, f"{place}: guidance")
    when = one.get("shown_when")
    if when is None:
        return Guidance(one["text"])
    _check(when, SHOWN_WHEN_KEYS, set(SHOWN_WHEN_KEYS), f"{place}: shown_when")
    return Guidance(one["text"], ShownWhen(when["section"], when["field"], when["is"]))


def _complaints(form: Form) -> Iterator[str]:
    if sum(section.overall for section in form.sections) != 1:
        yield "exactly one section must be the overall judgement (overall = true)"
    if not all(section.is_graded for section in form.sections if section.overall):
        yield "the overall judgement must have a field grade"
    fields = {(section.key, field.key): field for section in form.sections for field in section.fields}
    for section in form.sections:
        for when in (guidance.shown_when for guidance in section.guidance):
            if when and (when.section, when.field) not in fields:
                yield f"section {section.key}: shown_when names the unknown field {when.section}.{when.field}"


def _check(table: Any, allowed: Mapping[str, Any], needed: set[str], place: str) -> None:
    if not isinstance(table, dict):
        raise _Wrong(f"{place} must be a table")
    for key in table.keys() - allowed.keys():
        raise _Wrong(f"{place} has the unknown key “{key}”")
    for key in sorted(needed - table.keys()):
        raise _Wrong(f"{place} lacks the key “{key}”")
    for key, value in table.items():
        _check_kind(key, value, allowed[key], place)
    if "key" in table and not re.fullmatch(r"[a-z][a-z0-9_]*", table["key"]):
        raise _Wrong(f"{place}: the key “{table['key']}” must be lower-case letters, digits and underscores")


def _check_kind(key: str, value: object, allowed: Any, place: str) -> None:
    kinds = allowed if isinstance(allowed, tuple) else (allowed,)
    if type(value) not in kinds:
        raise _Wrong(f"{place}: “{key}” must be {' or '.join(kind.__name__ for kind in kinds)}")
    if key == "max_length" and isinstance(value, int) and value < 1:
        raise _Wrong(f"{place}: “max_length” must be at least 1")


def _is_list_of_tables(rows: Any, place: str) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _Wrong(f"{place} must be a list of tables")


def _one_of(value: str, allowed: tuple[str, ...], place: str) -> None:
    if value not in allowed:
        raise _Wrong(f"{place} is “{value}”, but must be one of {', '.join(allowed)}")


def _once(keys: list[str], what: str) -> None:
    twice = [key for key in keys if keys.count(key) > 1]
    if twice:
        raise _Wrong(f"{what} “{twice[0]}” is there twice")


def _named(row: Any, place: str) -> str:
    key = row.get("key") if isinstance(row, dict) else None
    return f"{place} ({key})" if isinstance(key, str) else place
