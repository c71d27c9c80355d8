"""When two child IDs are of the same child (rules, section 7). Nothing else compares them: each comparison is of these keys."""

import unicodedata
from functools import lru_cache

NOT_YET_KNOWN = frozenset({"unborn", "unknown", "notknown", "na", "tbc", "tba", "none", "noneyet", "nil"})
"""What people type where there is no ID yet, as it is compared."""
FEWEST = 2
"""Letters or digits of an ID."""
LONGEST = 200
"""Of a key, in characters: some characters become as many as 18, and an index of PostgreSQL holds 2,700 bytes."""
# Spaces and line breaks; hyphens and dashes; what can’t be seen.
IGNORED_KINDS = {"Zs", "Zl", "Zp", "Pd", "Cc", "Cf"}
# A minus sign, bullets that stand for a dot, a full stop that Chinese writes; slashes of every kind.
IGNORED = set("\u2212.\u00b7\u2022\u2219\u3002/\\\u2044\u2215\u29f8\u29f9")


@lru_cache(maxsize=10_000)
def child_key(typed: str | None) -> str | None:
    """Equal for two IDs of the same child. None where it is no ID: that is nobody else’s child."""
    folded = fold(typed or "")
    letters = sum(character.isalnum() for character in folded)
    return None if letters < FEWEST or folded in NOT_YET_KNOWN else without_zeros(folded)[:LONGEST]


def fold(typed: str) -> str:
    """Without what is ignored, except for zeros in front."""
    # Folding may undo the normal form.
    same = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed).casefold())
    return "".join(character for character in same if not (character in IGNORED or unicodedata.category(character) in IGNORED_KINDS))


def without_zeros(folded: str) -> str:
    """One of them stays where there is nothing else: “000” and “0000” are the same."""
    return folded.lstrip("0") or folded[:1]


def is_no_id(typed: object) -> bool:
    """Something is there, and it is no ID."""
    return isinstance(typed, str) and bool(typed.strip()) and child_key(typed) is None
