"""The form as data: nothing of the paper form is lost, and a broken form file is refused with a sentence."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.settings import FOLDER
from tests.factories import FORM, a_fake_world
from web.audits import field_types as page_field_types
from workflow import field_types
from workflow.errors import Refusal
from workflow.form_loader import load_form, read_form
from workflow.forms import Choice, Field

FILE = FOLDER / "forms" / "practice_evaluation.toml"
TEXT = FILE.read_text(encoding="utf-8")
PAPER = (Path(__file__).parent / "paper_form.txt").read_text(encoding="utf-8")
# One council's title, the heads of the paper's columns, and how to fill in its boxes; the auditor is whose audit it is.
ON_PAPER_ONLY = {
    "swindonpracticeevaluationaudittool", "auditorsname", "enteraxintotheyesnocolumns", "fieldareaofpractice",
    "outstandinggoodrequiresimprovementandinadequate", "evidencewhatrecordshaveyouconsidered", "impactusethechildyoungpersonsname",
    "outstanding", "13", "14",
}  # fmt: skip


def test_every_line_of_the_paper_form_is_in_the_form() -> None:
    held = _squeezed(" ".join(_texts(tomllib.loads(TEXT))))
    lines = [_squeezed(line) for line in re.split(r"[\n\t]|(?<=[.?:])\s", re.sub(r"\[bookmark: \w+\]", "", PAPER))]
    lost = [line for line in lines if line not in held and line not in ON_PAPER_ONLY]
    print(f"{len(lines)} lines of the paper form, {len(lost)} not in the form as data: {lost}")
    assert lost == []


def _squeezed(text: str) -> str:
    """Letters and digits: the paper form sets the same words with other spaces and dashes."""
    return re.sub(r"[\W_]+", "", text).lower()


def _texts(held: Any) -> list[str]:
    if isinstance(held, dict):
        return [text for value in held.values() for text in _texts(value)]
    if isinstance(held, list):
        return [text for value in held for text in _texts(value)]
    return [held] if isinstance(held, str) else []


CONTRACT = {
    "details": "audit_date child_id team practitioner team_manager service_manager qaro qaro_none_reason audited_previously "
    "previous_audit_on age_band strand",
    "consultation": "spoke_to not_possible_reason",
    "summary": "case_summary chronology_up_to_date cultural_genogram ehcp",
    **{f"area_{n}": "grade evidence impact not_applicable_reason" for n in range(1, 13)},
    "actions": "no_actions_reason",
    "service_comments": "comments",
    "declaration": "no_conflict",
    "moderation": "grade evidence impact difference_reason",
}


def test_sections_and_fields_are_those_that_programs_hold_on_to() -> None:
    keys = {section.key: {field.key for field in section.fields} for section in FORM.sections if section.fields}
    assert keys == {section: set(fields.split()) for section, fields in CONTRACT.items()}
    assert [section.key for section in FORM.sections if section.key.startswith("area_")] == [f"area_{n}" for n in range(1, 13)]


def test_ehcp_guidance_is_shown_in_areas_5_and_7_only_where_there_is_a_plan() -> None:
    for ehcp, shown in ((True, {"area_5", "area_7"}), (False, set()), (None, set())):
        answers = {"summary": {"ehcp": ehcp}}
        conditional = {section.key for section in FORM.sections for one in section.guidance if one.shown_when and one.applies(answers)}
        assert conditional == shown


BROKEN = {
    "a key that nobody knows": ("version = 1", "version = 1\ncolour = 'red'", "colour"),
    "no version": ("version = 1\n", "", "version"),
    "a version that is no number": ("version = 1", "version = '1'", "version"),
    "no title": ('title = "Practice Evaluation Audit Tool"', "", "title"),
    "a section twice": ('key = "area_2"', 'key = "area_1"', "area_1"),
    "a key with capitals": ('key = "area_2"', 'key = "Area 2"', "Area 2"),
    "a kind that nobody knows": ('kind = "yes_no"', 'kind = "perhaps"', "perhaps"),
    "choices that are not there": ('choices_from = "grades"', 'choices_from = "marks"', "marks"),
    "a choice without choices": ('kind = "choice"\nchoices_from = "grades"', 'kind = "choice"', "choices_from"),
    "fields that are not there": ('fields_from = "', 'fields_from = "other_', "fields_from"),
    "a part that nobody knows": ('part = "moderation"', 'part = "appendix"', "appendix"),
    "no overall judgement": ("overall = true", "overall = false", "overall"),
    "a choice twice": ('{ value = "1-5", label', '{ value = "0", label', "0"),
    "a choice without a label": ('{ value = "1-5", label = "1-5" }', '{ value = "1-5" }', "label"),
    "nothing to choose": ("[choices]", "[choices]\nnothing = []", "nothing"),
    "guidance for a field that is not there": ('field = "ehcp"', 'field = "plan"', "plan"),
    "a length of nothing": ('key = "evidence"', 'max_length = 0\nkey = "evidence"', "max_length"),
    "a quotation mark forgotten": ('title = "Practice Evaluation Audit Tool"', 'title = "Practice', "line"),
    "a line twice": ("version = 1", "version = 1\nversion = 2", "line"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_form_file_is_refused_by_the_line_or_key(name: str, tmp_path: Path) -> None:
    old, new, named = BROKEN[name]
    assert old in TEXT, "this case no longer breaks anything"
    file = tmp_path / "ours.toml"
    file.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load_form(file)
    assert "ours.toml" in refused.value.sentence
    assert named in refused.value.sentence
    assert refused.value.sentence.endswith(".")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "form.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Refusal, match=r"form\.toml"):
        load_form(tmp_path / "form.toml")


def test_a_change_of_one_line_loads_as_a_form_or_is_refused_with_a_sentence() -> None:
    lines, refused = TEXT.splitlines(), 0
    for number, line in enumerate(lines):
        name = line.partition("=")[0]
        for change in ("", f"{name}= 5", f"{name}= []", f"{name}= {{}}", f"{name}= 'x'", f"{name}= true", "[[section]]", "[section]"):
            sentence = _complaint("\n".join([*lines[:number], change, *lines[number + 1 :]]))
            assert not sentence or "ours.toml" in sentence
            refused += bool(sentence)
    print(f"{len(lines) * 8} changed files, {refused} refused with a sentence")
    assert refused > len(lines)


def _complaint(text: str) -> str:
    try:
        read_form(text, "ours.toml")
    except Refusal as refusal:
        return refusal.sentence
    return ""


def test_every_type_of_field_has_a_row_in_both_tables() -> None:
    kinds = {field.kind for section in FORM.sections for field in section.fields}
    assert kinds <= field_types.FIELD_TYPES.keys()
    assert page_field_types.FIELD_TYPES.keys() == field_types.FIELD_TYPES.keys()
    widgets = (FOLDER.parent / "web/audits/templates/_fields.html").read_text(encoding="utf-8")
    assert all(row.widget == "one_line" or f'type.widget == "{row.widget}"' in widgets for row in page_field_types.FIELD_TYPES.values())


def test_every_type_parses_what_the_page_binds_from_what_it_shows() -> None:
    directory = a_fake_world().store.directory()
    person = directory.by_email("practitioner@demo.example")
    assert person is not None
    stored = {
        "text": "One line", "long_text": "Two\nlines", "date": "2026-11-03", "person": person.id, "team": "assessment-east", "yes_no": False,
        "choice": "a",
    }  # fmt: skip
    assert stored.keys() == field_types.FIELD_TYPES.keys()
    for kind, answer in stored.items():
        field, page = Field("key", "Label", kind, (Choice("a", "A"),)), page_field_types.FIELD_TYPES[kind]
        shown = page.show(answer, directory)
        typed = {f"key-{part}": text for part, text in shown.items()} if isinstance(shown, dict) else {"key": shown}
        assert sorted(page.names(field)) == sorted(typed), kind
        assert field_types.FIELD_TYPES[kind].parse(field, page.bind(field, typed), directory) == answer, kind
        assert page.redisplay(field, typed) == shown, kind
        assert page.as_text(field, answer, directory), kind
