"""Whether dates are reckoned past the last year whose bank holidays are known for certain."""

from datetime import date

from notifications.recipients import Deadlines
from workflow.working_days import KNOWN_UNTIL, LAST_RECKONED, add_working_days


def dates_past_known_holidays(clocks: Deadlines, today: date, last_due_on: date | None) -> date | None:
    """The furthest day that working days are counted to now, where it lies beyond what is known."""
    longest = max(clocks[name] for name in clocks.values if name.endswith("_working_days"))
    last = min(max(today, last_due_on or today), LAST_RECKONED)
    furthest = add_working_days(last, longest)
    return furthest if furthest > KNOWN_UNTIL else None
