"""What takes too long to work on is refused before it is normalised."""

import sys
import unicodedata
from contextlib import suppress

import pytest

from tests.factories import FORM, a_fake_world
from workflow.errors import BadInput
from workflow.field_types import clean
from workflow.text_limits import LONG, MARKS, MOST_MARKS, ensure_workable
from workflow.validation import read_answers, read_text

# In this order normalising sorts them, which takes time that grows with the square of their number.
UNSORTED = "\u0301\u0323"


def test_the_marks_are_all_that_unicode_has() -> None:
    every = (chr(code) for code in range(sys.maxunicode + 1))
    assert {one for one in every if all(map(unicodedata.combining, unicodedata.normalize("NFKD", one)))} == set(MARKS)


@pytest.mark.parametrize("mark", ["\u0301", "\u0323", "\u0f73", "\uff9e", "\U0001e94a"])
def test_thirty_marks_in_a_row_are_taken_and_one_more_is_not(mark: str) -> None:
    ensure_workable(f"a{mark * MOST_MARKS}b{mark * MOST_MARKS}")
    for text in (mark * (MOST_MARKS + 1), f"x{mark * (MOST_MARKS + 1)}x", f"{mark * MOST_MARKS}a{mark * (MOST_MARKS + 1)}"):
        with pytest.raises(ValueError, match="more than 30 accents"):
            ensure_workable(text)


def test_words_of_many_languages_are_taken() -> None:
    for text in ("Zoë Nguyễn", unicodedata.normalize("NFD", "Zoë Nguyễn") * 1_000, "नमस्ते", "שָׁלוֹם", "བོད་སྐད", "ภาษาไทย", "👩‍👩‍👧‍👦"):
        ensure_workable(text)
        assert clean(text, LONG) == unicodedata.normalize("NFC", text)


def test_nothing_too_long_or_with_too_many_marks_is_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    normalised: list[str] = []

    def note(_form: str, text: str) -> str:
        normalised.append(text)
        return text

    monkeypatch.setattr(unicodedata, "normalize", note)
    with suppress(ValueError):
        clean(UNSORTED * 30_000, LONG)
    with suppress(ValueError):
        clean("é" * 101, 100)
    with suppress(BadInput):
        read_text("q", UNSORTED * 40, 100)
    monkeypatch.undo()
    assert normalised == []


def test_a_field_with_too_many_marks_is_named() -> None:
    with pytest.raises(BadInput) as refused:
        read_answers(FORM.section("summary"), {"case_summary": UNSORTED * 30_000}, a_fake_world().store.directory())
    assert "more than 30 accents" in refused.value.missing[0].message


def test_a_text_that_grows_when_it_is_normalised_still_has_to_fit() -> None:
    with pytest.raises(ValueError, match="12 characters long; 10"):
        clean("\u0958" * 6, 10)
