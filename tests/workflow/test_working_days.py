"""Days as the council counts them."""

from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import pytest

from tests.notifications.support.outbox_assertions import BANK_HOLIDAYS
from workflow.working_days import (
    KNOWN_UNTIL,
    add_working_days,
    end_of_month,
    is_within_window,
    is_working_day,
    london_day,
    months_after,
    re_audit_window,
    working_days_before,
)

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(1461)]
BANK_HOLIDAYS_2026 = [
    date(2026, 1, 1),
    date(2026, 4, 3),
    date(2026, 4, 6),
    date(2026, 5, 4),
    date(2026, 5, 25),
    date(2026, 8, 31),
    date(2026, 12, 25),
    date(2026, 12, 28),
]


def working_days_between(earlier: date, later: date) -> int:
    """Working days after `earlier`, up to and including `later`."""
    return sum(is_working_day(earlier + timedelta(days=n + 1)) for n in range((later - earlier).days))


def test_the_twelve_month_window_on_every_day_of_four_years() -> None:
    """29 February counts as 28 February; the last day is in, the day after is out."""
    assert DAYS[-1] == date(2027, 12, 31)
    for day in DAYS:
        closes = date(day.year + 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)
        assert re_audit_window(day) == closes
        assert is_within_window(day, closes - timedelta(days=1))
        assert is_within_window(day, closes)
        assert not is_within_window(day, closes + timedelta(days=1))
    print(f"{len(DAYS)} days, each at -1, exact and +1")


def test_three_months_after_ends_with_the_month() -> None:
    assert months_after(date(2026, 11, 30), 3) == date(2027, 2, 28)


@pytest.mark.parametrize("day", BANK_HOLIDAYS_2026)
def test_englands_bank_holidays_are_no_working_days(day: date) -> None:
    assert not is_working_day(day)


def test_working_days_skip_weekends_and_bank_holidays() -> None:
    assert add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert add_working_days(date(2026, 11, 20), 2) == date(2026, 11, 24)
    assert working_days_between(date(2026, 12, 24), date(2027, 1, 4)) == 4


def test_a_day_begins_at_midnight_in_london_summer_and_winter() -> None:
    assert london_day(datetime(2026, 6, 30, 23, 30, tzinfo=UTC)) == date(2026, 7, 1)
    assert london_day(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == date(2026, 12, 31)


def test_every_day_of_eleven_years_against_a_list_of_englands_bank_holidays() -> None:
    """The list is written out by hand: what the pinned library says, and how days are counted, both stand against it."""
    every = [date(2025, 1, 1) + timedelta(days=n) for n in range((date(2035, 12, 31) - date(2025, 1, 1)).days + 1)]
    working = [day for day in every if day.weekday() < 5 and day not in BANK_HOLIDAYS]
    assert [day for day in every if is_working_day(day)] == working
    for day in every[:-60:7]:
        later = [one for one in working if one > day][:20]
        earlier = [one for one in working if one < day][-3:]
        assert [add_working_days(day, count) for count in (1, 2, 5, 10, 20)] == [later[count - 1] for count in (1, 2, 5, 10, 20)]
        assert working_days_between(day, later[9]) == 10
        assert len(earlier) < 3 or working_days_before(day, 3) == earlier[0]
    print(f"{len(every)} days, {len(BANK_HOLIDAYS)} bank holidays, {len(working)} working days")


def test_the_last_known_day_is_looked_at_again_with_each_new_library() -> None:
    """GOV.UK publishes some two years ahead: raise KNOWN_UNTIL with the library, then this line."""
    assert (version("holidays"), KNOWN_UNTIL) == ("0.109", date(2028, 12, 31))


def test_the_month_ends_on_its_last_day() -> None:
    assert [end_of_month(date(2028, month, 1)).day for month in (1, 2, 4, 12)] == [31, 29, 30, 31]
