"""Text pasted from other programs saves, by page and by JSON; what can't be stored is named with its place."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import World, an_audit
from workflow.commands.actions import NewAction, add_action
from workflow.errors import BadInput
from workflow.field_types import clean
from workflow.text_limits import LONG
from workflow.validation import read_text

# As pasted; where lines are allowed; in a field of one line, or None where it is refused: a line break would join what was written as two.
PASTED = {
    "PowerPoint’s line break": ("Plan agreed:\vweekly visits\vreview in May", "Plan agreed:\nweekly visits\nreview in May", "Plan agreed: weekly visits review in May"),
    "a row of a spreadsheet": ("Priya Nair\tSocial worker", "Priya Nair\tSocial worker", "Priya Nair Social worker"),
    "a name from a web page": ("Priya\u200b Nair", "Priya Nair", "Priya Nair"),
    "a PDF’s soft hyphens": ("co\u00adordi\u00adnation", "coordination", "coordination"),
    "Word’s Symbol bullets": ("\uf0b7 seen alone\r\n\uf0b7 school", "• seen alone\n• school", None),
    "Wingdings bullets": ("\uf0a7\tone\r\uf0d8 two\f\uf0fc three", "•\tone\n• two\n• three", None),
    "any sign of a symbol font that begins a line": ("\uf021 one", "• one", "• one"),
    "Word’s arrow": ("home \uf0e0 school", "home → school", "home → school"),
    "separators of lines and paragraphs": ("a\u2028b\u2029c\x85d", "a\nb\nc\nd", None),
    "odd spaces": ("a\u00a0b\u2009c\u3000d", "a\u00a0b\u2009c\u3000d", "a b c d"),
    "a byte order mark": ("\ufeffAlex", "Alex", "Alex"),
    "two spaces that were typed": ("Alex  Smith", "Alex  Smith", "Alex  Smith"),
    "joiners that join nothing": ("Al\u200dex \u200cSmith\u200d", "Alex Smith", "Alex Smith"),
}  # fmt: skip
# Without the joiner these are other words and other pictures.
JOINED = ("क्\u200dष", "می\u200cخواهم", "👩\u200d👧", "❤\ufe0f\u200d🔥")
UNSTORABLE = ("\x00", "\x1b", "\ud800", "\uffff")
PIECES = st.sampled_from((*"aeK1 \t\r\n\v\f•", *(words[0] for words in PASTED.values()), *JOINED, "\u200d", "\u200c", "\u00ad", "\uf041", "\u212a", "\u0301", "\u00a0", "\u2028", "\ufeff", "\uf0e0"))  # fmt: skip


@pytest.mark.parametrize(("pasted", "in_many", "in_one"), PASTED.values(), ids=PASTED)
def test_pasted_text_is_stored_as_it_can_be_shown(pasted: str, in_many: str, in_one: str | None) -> None:
    assert clean(pasted, LONG) == in_many
    assert read_text("reason", pasted) == in_many
    if in_one is None:
        with pytest.raises(ValueError, match="can’t be stored or printed"):
            clean(pasted, LONG, one_line=True)
        return
    assert clean(pasted, LONG, one_line=True) == in_one
    assert read_text("name", pasted, one_line=True) == in_one


@pytest.mark.parametrize("text", JOINED)
def test_joiners_that_change_what_is_read_stay(text: str) -> None:
    assert clean(text, LONG) == unicodedata.normalize("NFC", text)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(PIECES).map("".join), st.text()), st.booleans())
def test_what_was_cleaned_stays_as_it_is(text: str, one_line: bool) -> None:
    try:
        once = clean(text, LONG, one_line=one_line)
    except ValueError:
        return
    assert clean(once, LONG, one_line=one_line) == once


@pytest.mark.parametrize("unstorable", UNSTORABLE)
def test_what_can_not_be_stored_is_named_with_its_place(unstorable: str) -> None:
    with pytest.raises(ValueError, match=r"can’t be stored or printed, after “with her brother”\. Delete it there\."):
        clean(f"Seen with her brother {unstorable}and calm.", LONG)
    with pytest.raises(ValueError, match="at the start"):
        clean(f"{unstorable}Seen.", LONG)


def test_the_place_is_short_however_long_the_word() -> None:
    with pytest.raises(ValueError, match=r"after “x{40}”\."):
        clean("x" * 100_000 + "\x00", LONG)


def test_an_action_takes_what_was_pasted(world: World) -> None:
    reference = an_audit(world, at="practitioner_consulted")
    who, pasted = world.person("auditor"), PASTED["Word’s Symbol bullets"]
    add_action(world.command_context(), who, reference, NewAction(pasted[0], "practitioner@demo.example", "2030-01-01"))
    assert world.audit(reference).actions[-1].text == pasted[1]
    with pytest.raises(BadInput) as refused:
        add_action(world.command_context(), who, reference, NewAction("seen alone \x07", "practitioner@demo.example", "2030-01-01"))
    assert "after “seen alone”" in refused.value.missing[0].message
