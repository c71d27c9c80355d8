"""Reminders wait for the morning digest, one email for each person. News and escalations never wait."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from notifications.recipients import NotificationRules
from workflow.working_days import LONDON, london_day

SATURDAY = 5


def next_digest_times(now: datetime, rules: NotificationRules, last_swept_at: datetime | None) -> Mapping[str, datetime]:
    """By event: this morning, which may be past; or the next morning, if the reminders of this one were found already.

    Monday to Friday, including bank holidays. A worker that was stopped in the morning sends that digest when it is back.
    """
    day = london_day(now)
    if last_swept_at and _morning(day, rules) <= last_swept_at:
        day += timedelta(days=1)
    while day.weekday() >= SATURDAY:
        day += timedelta(days=1)
    return dict.fromkeys(rules.gathered, _morning(day, rules))


def _morning(day: date, rules: NotificationRules) -> datetime:
    return datetime.combine(day, time(rules.clocks["reminders_gathered_at_hour"]), LONDON)
