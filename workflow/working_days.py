"""Days as the council counts them: Europe/London dates, England's bank holidays, calendar months."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta

LONDON = ZoneInfo("Europe/London")
KNOWN_UNTIL = date(2028, 12, 31)
"""The last day for which GOV.UK had published England’s bank holidays when the pinned library was made: after it the library
calculates them by rule, and cannot know of one that is moved or added. Raise it with the library, as GOV.UK publishes more."""
LAST_CALCULATED = date(9000, 1, 1)
"""Nothing is calculated from a later day: dates end with the year 9999."""


def london_day(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def start_of(day: date) -> datetime:
    """The instant, in UTC, at which a London day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in _bank_holidays(day.year)


def next_working_day(day: date) -> date:
    return add_working_days(day, 1)


def last_working_day(day: date) -> date:
    """The day itself, or the working day before it."""
    return day if is_working_day(day) else working_days_before(day, 1)


# The same due dates are asked for again and again: a sweep with much due would spend its time here.
@lru_cache(maxsize=10_000)
def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself may be any day."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def working_days_before(day: date, count: int) -> date:
    """The `count`-th working day before `day`, which itself may be any day."""
    while count:
        day -= timedelta(days=1)
        count -= is_working_day(day)
    return day


def date_past_known_holidays(today: date, last_due_on: date | None, working_days: int) -> date | None:
    """The furthest date that is calculated now, `working_days` from the last due date, where it lies after KNOWN_UNTIL."""
    last = min(max(today, last_due_on or today), LAST_CALCULATED)
    furthest = add_working_days(last, working_days)
    return furthest if furthest > KNOWN_UNTIL else None


def end_of_month(day: date) -> date:
    return day + relativedelta(day=31)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last: 29 February counts as 28 February."""
    return day + relativedelta(months=months)


def re_audit_window(audited_on: date, months: int = 12) -> date:
    """The last day, inclusive, on which a child audited on `audited_on` counts as audited recently."""
    return months_after(audited_on, months)


def is_within_window(audited_on: date, day: date, months: int = 12) -> bool:
    return audited_on <= day <= re_audit_window(audited_on, months)


@lru_cache(maxsize=64)
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))
