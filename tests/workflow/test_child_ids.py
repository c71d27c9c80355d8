"""Two IDs are of the same child by one rule; what is no ID is nobody else’s child."""

import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import FOLDER
from tests.factories import FORM
from workflow.child_ids import LONGEST, child_key, is_no_id
from workflow.directory import Directory
from workflow.sense_checks import NO_ID, load_sense_checks

CASES = tomllib.loads((Path(__file__).parent / "support" / "child_ids.toml").read_text(encoding="utf-8"))
BETWEEN = st.text(" -./\\\t\u00a0\u2009\u202f\u2011\u2013\u2014\u2212\u00ad\u200b\u2060\ufeff", max_size=3)
LETTERS = st.text(st.characters(categories=("L", "N"), max_codepoint=0x2FF), min_size=2, max_size=12)


@pytest.mark.parametrize("alike", CASES["same"], ids=lambda alike: alike[0])
def test_the_same_child(alike: list[str]) -> None:
    assert len({child_key(typed) for typed in alike}) == 1
    assert child_key(alike[0]) is not None


@pytest.mark.parametrize("apart", CASES["different"], ids=lambda apart: apart[0])
def test_different_children(apart: list[str]) -> None:
    assert all(child_key(one) != child_key(other) for one, other in combinations(apart, 2))


@pytest.mark.parametrize("typed", [*CASES["no_id"], "UNBORN", "ｕｎｂｏｒｎ", "N.A.", "n / a", "\u200bx", "0", "7", "--", "None\u00a0yet"])
def test_no_id_is_asked_about_and_is_nobody_elses_child(typed: str) -> None:
    assert child_key(typed) is None
    assert is_no_id(typed)
    asked = load_sense_checks(FOLDER / "sense_checks.toml").questions(FORM, {"details": {"child_id": typed}}, Directory(1, {}, {}))
    assert [(one.section, one.field, one.message) for one in asked] == [("details", "child_id", NO_ID)]


@pytest.mark.parametrize(
    ("typed", "key"),
    [("00731A", "731a"), ("A-0042", "a0042"), ("000", "0"), ("00000", "0"), ("0-0-7-1", "71"), ("STRASSE1", "strasse1"), ("Straße1", "strasse1")],
)  # fmt: skip
def test_only_zeros_in_front_of_the_whole_go_and_one_stays(typed: str, key: str) -> None:
    assert child_key(typed) == key


@pytest.mark.parametrize("typed", [None, "", "  "])
def test_nothing_typed_is_not_asked_about(typed: str | None) -> None:
    assert child_key(typed) is None
    assert not is_no_id(typed)


def test_a_key_fits_its_column_and_its_index_for_any_text() -> None:
    assert len(child_key("\ufdfa" * 40) or "") == LONGEST


@given(LETTERS, st.data())
@settings(max_examples=40, deadline=None)
def test_ignored_characters_between_and_in_front_never_matter(letters: str, data: st.DataObject) -> None:
    typed = "".join(data.draw(BETWEEN) + letter for letter in letters) + data.draw(BETWEEN)
    assert child_key(typed.upper()) == child_key(typed.upper().lower())
    key = child_key(letters)
    assert child_key(typed) == key
    if key and key != "0":
        assert child_key(f"0 0-{typed}") == key
        assert child_key(key) in {key, None}
