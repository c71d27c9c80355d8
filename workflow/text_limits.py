"""How much text is worked on: checked before it is normalised, which takes time that grows with the square of a run of combining marks."""

import re
import unicodedata

LONG = 200_000
# UAX #15, section 13: no language needs more on one letter.
MOST_MARKS = 30
TOO_MANY_MARKS = f"this has more than {MOST_MARKS} accents or other marks on one letter. Remove them."
# The highest combining mark is U+1E94A; a test looks at every character.
_LAST = 0x1FFFF


def _is_mark(character: str) -> bool:
    """Whether all it decomposes into are combining marks."""
    if not unicodedata.decomposition(character):
        return unicodedata.combining(character) > 0
    return all(map(unicodedata.combining, unicodedata.normalize("NFKD", character)))


MARKS = "".join(filter(_is_mark, map(chr, range(_LAST + 1))))
_RUN = re.compile(f"(?<![{MARKS}])[{MARKS}]{{{MOST_MARKS + 1}}}")


def ensure_short(text: str, max_length: int = LONG) -> None:
    """Raise ValueError where it is longer."""
    if len(text) > max_length:
        raise ValueError(f"this is {len(text):,} characters long; {max_length:,} is the most that fits.")


def ensure_workable(text: str, max_length: int = LONG) -> None:
    """Raise ValueError for what is too long, or has more marks in a row than any language."""
    ensure_short(text, max_length)
    if not text.isascii() and _RUN.search(text):
        raise ValueError(TOO_MANY_MARKS)
