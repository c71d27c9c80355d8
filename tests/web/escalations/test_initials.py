"""Which initials are offered: the person's own and three others that give nothing away, in any script."""

import pytest

from web.escalations.initials import DECOYS, initials_of, offered_initials

KEY = b"a key of this council"
NAMES = {
    "Mary Smith": "MS", "mary smith": "MS", "Mary-Jane O’Brien": "MO", "Anna Maria von Trapp": "AT", "Cher": "C", "Élodie Ångström": "EA",
    "Łukasz Żak": "LZ", "Øystein Åse": "OA", "Ольга Жукова": "ОЖ", "Ελένη Παππά": "ΕΠ", "王小明": "王", "محمد علي": "مع", "प्रिया शर्मा": "पश",
    "김 민준": "김민", "Aaron Adams": "AA", "(Bob) d’Arcy": "BD", "  Zoë   Quill  ": "ZQ", "3 Musketeers": "M", "7": "7",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_initials_are_what_the_person_would_say(name: str) -> None:
    assert initials_of(name) == NAMES[name]


@pytest.mark.parametrize("name", NAMES)
def test_the_right_ones_are_offered_among_three_that_share_no_letter_with_them(name: str) -> None:
    offered, right = offered_initials(name, KEY), initials_of(name)
    assert offered == offered_initials(name, KEY)
    assert offered.count(right) == 1
    assert len(set(offered)) == DECOYS + 1
    assert {len(one) for one in offered} == {len(right)}
    assert not [one for one in offered if one != right and set(one) & set(right)]


def test_nothing_of_their_place_or_letters_tells_the_right_ones() -> None:
    places = [offered_initials("Mary Smith", bytes([number])).index("MS") for number in range(200)]
    assert {places.count(place) > 25 for place in range(DECOYS + 1)} == {True}
    middle_names = [one for number in range(50) for one in offered_initials("Anna Maria von-Trapp Lee", bytes([number])) if one != "AL"]
    assert not [one for one in middle_names if set(one) & set("AMVTL")], "somebody may go by another of their names"
