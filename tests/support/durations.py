"""How long each test took in its last two runs: one that is slow is marked `long`, or says why it must run each time."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

SLOW, RUNS, CACHED = 10.0, 2, "practice-audit/durations"
MARKS = ("long", "slow_because")


def remember(config: pytest.Config, reports: Mapping[str, Iterable[Any]]) -> None:
    """In .pytest_cache; tests that did not run this time stay as they were."""
    took = _remembered(config)
    for report in reports.get("passed", ()):
        if report.when == "call":
            name = without_group(report.nodeid)
            took[name] = [*took.get(name, []), round(report.duration, 1)][-RUNS:]
    config.cache.set(CACHED, took)


def unexplained(config: pytest.Config, items: Iterable[pytest.Item]) -> list[str]:
    """The unmarked tests that were slow in each of the last two runs: in one alone the machine may have been busy."""
    took = _remembered(config)
    unmarked = [item for item in items if not any(item.get_closest_marker(mark) for mark in MARKS)]
    found = [(took.get(name, []), name) for name in (without_group(item.nodeid) for item in unmarked)]
    return [f"{max(seconds):.0f} s: {name}" for seconds, name in found if len(seconds) == RUNS and min(seconds) > SLOW]


def without_group(nodeid: str) -> str:
    """The name as pytest has it: xdist adds the group at the end."""
    return nodeid[: nodeid.rfind("@")] if nodeid.rfind("@") > nodeid.rfind("]") else nodeid


def _remembered(config: pytest.Config) -> dict[str, list[float]]:
    held: dict[str, list[float]] = config.cache.get(CACHED, {})
    return held
