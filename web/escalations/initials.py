"""A question that a person answers at a glance and a program that presses buttons does not: which initials are theirs (decision 60)."""

import hmac
import unicodedata
from collections.abc import Iterable

DECOYS = 3
LATIN = "ABCDEFGHIJKLMNOPRSTVWZ"
NEAR = 64
"""How many letters before and after one belong to its alphabet, in scripts other than Latin."""


def initials_of(name: str) -> str:
    """Return the first letters of the first and the last word, or of the only one; Latin letters without their accents."""
    letters = [_letter_of(word) for word in name.split()]
    found = [letter for letter in letters if letter] or [name.strip()[:1]]
    return found[0] + found[-1] if len(found) > 1 else found[0]


def offered_initials(name: str, key: bytes) -> tuple[str, ...]:
    """Return the right initials and three others, as long and in the same script, in an order of the key.

    The same for every link of the person: what two links had in common would be the right ones. No letter of the others is
    an initial of the person’s, whichever of their names they go by.
    """
    right = initials_of(name)
    own = {_letter_of(part) for part in name.replace("-", " ").replace("’", " ").replace("'", " ").split()} | set(right)
    columns = [_others(letter, own, key, place) for place, letter in enumerate(right)]
    decoys = ["".join(letters) for letters in zip(*columns, strict=True)]
    return tuple(_in_order((right, *decoys), key, "order"))


def _letter_of(word: str) -> str:
    first = next((letter for letter in word if letter.isalpha()), "")
    return _without_accent(first.upper()[:1])


def _without_accent(letter: str) -> str:
    words = unicodedata.name(letter, "").split() if letter else []
    # Like “LATIN CAPITAL LETTER L WITH STROKE”, which has no decomposition.
    return words[3] if words[:3] == ["LATIN", "CAPITAL", "LETTER"] and len(words[3]) == 1 else letter


def _others(letter: str, own: Iterable[str], key: bytes, place: int) -> list[str]:
    return _in_order(set(_alphabet_of(letter)) - set(own), key, f"place {place}")[:DECOYS]


def _alphabet_of(letter: str) -> Iterable[str]:
    if letter in LATIN or unicodedata.name(letter, "").startswith("LATIN"):
        return LATIN
    near = (chr(point) for point in range(max(33, ord(letter) - NEAR), ord(letter) + NEAR))
    return [one for one in near if _kind_of(one) == _kind_of(letter)] or LATIN


def _kind_of(letter: str) -> tuple[str, str]:
    return unicodedata.category(letter), unicodedata.name(letter, "").partition(" ")[0]


def _in_order(those: Iterable[str], key: bytes, purpose: str) -> list[str]:
    return sorted(those, key=lambda one: hmac.digest(key, f"{purpose} {one}".encode(), "sha256"))
