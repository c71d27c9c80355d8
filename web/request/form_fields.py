"""How a submitted form gives the parts of one value."""

from collections.abc import Mapping

DATE_PARTS = ("day", "month", "year")


def read_date(name: str, form: Mapping[str, str]) -> str:
    """Return 2026-11-23 from the three boxes of a date, or "" where all are empty.

    Whatever else was typed is passed on as it is, so that the validation refuses it with a sentence.
    """
    day, month, year = (form.get(f"{name}-{part}", "").strip() for part in DATE_PARTS)
    return f"{year}-{month:0>2}-{day:0>2}" if day or month or year else ""
