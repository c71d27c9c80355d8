"""How a submitted form gives the parts of one value."""

import re
from collections.abc import Mapping
from datetime import date

from workflow.errors import BadInput
from workflow.field_types import UnreadDate

DATE_PARTS = ("day", "month", "year")
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
WRONG = {
    "day": "enter the day as a number from 1 to 31.",
    "month": "enter the month as a number from 1 to 12, or as its name.",
    "year": "enter the year with all four figures, like 2026.",
}
SURE = "sure"
"""The name of a box to tick by a question about what was typed. Its value is what was asked about, so that another answer is asked about again."""
# Two figures are of this century as far as this.
LAST_SHORT_YEAR = 49
BETWEEN = re.compile(r"[\s/.,-]+")


def read_date(name: str, form: Mapping[str, str]) -> str:
    """Return 2026-11-23 from the three boxes of a date, or "" where all are empty.

    A whole date in one box is understood, as are names of months and years of two figures. For anything else, return an UnreadDate, whose
    fault names the box: the validation refuses it.
    """
    boxes = {part: form.get(f"{name}-{part}", "").strip() for part in DATE_PARTS}
    if not any(boxes.values()):
        return ""
    words = [word for word in BETWEEN.split(" ".join(boxes.values())) if word]
    if len(words) == len(DATE_PARTS) and len(words[0]) == 4:
        words.reverse()
    parts = dict(zip(DATE_PARTS, words, strict=True)) if len(words) == len(DATE_PARTS) else boxes
    numbers = {part: READ[part](typed) for part, typed in parts.items()}
    if wrong := next((part for part in DATE_PARTS if not numbers[part]), None):
        fault = WRONG[wrong] if parts[wrong] else f"the {wrong} is missing."
        return UnreadDate("-".join(boxes.values()), fault)
    return f"{numbers['year']:04}-{numbers['month']:02}-{numbers['day']:02}"


def ask_once(question: str, about: str, form: Mapping[str, str]) -> None:
    """Raise BadInput unless the box by the question is ticked. Programs that use the JSON are not asked."""
    if form.get(SURE) != about:
        raise BadInput.about(SURE, question)


def ask_about_earlier(first: str, typed: str, question: str, form: Mapping[str, str]) -> None:
    """Raise BadInput once where a real date was typed that is earlier."""
    if typed and not isinstance(typed, UnreadDate) and typed < first:
        ask_once(question, typed, form)


def _number(typed: str, most: int) -> int:
    """0 where it is none of 1 to `most`."""
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 5 and int(typed) <= most else 0


def _day(typed: str) -> int:
    return _number(re.sub(r"(?i)(?<=\d)(st|nd|rd|th)$", "", typed), 31)


def _month(typed: str) -> int:
    named = [number for number, name in enumerate(MONTHS, 1) if len(typed) > 2 and name.startswith(typed.lower())]
    return named[0] if named else _number(typed, 12)


def _year(typed: str) -> int:
    number = _number(typed, date.max.year)
    if len(typed) == 2 and number <= LAST_SHORT_YEAR:
        return 2000 + number if typed.isdecimal() else 0
    return number if len(typed) == 4 else 0


READ = {"day": _day, "month": _month, "year": _year}
