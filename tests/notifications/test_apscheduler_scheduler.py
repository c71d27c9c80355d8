"""The scheduler of one machine continues after its clock is set back or ahead."""

import pytest

from tests.notifications.support.scheduler_process import goes_on_when_the_clock_jumps, stops_when_told_at_the_worst_time


@pytest.mark.parametrize("days", [-1, 400])
def test_changing_the_clock_does_not_stop_the_scheduler(days: int) -> None:
    goes_on_when_the_clock_jumps("apscheduler_scheduler", days)


def test_it_stops_at_every_signal() -> None:
    stops_when_told_at_the_worst_time("apscheduler_scheduler")
