"""What a bench found: one row of the tables, the median of its repeats and how far they lie apart."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    what: str
    goal: str
    median: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a block: until it was done, and of the processor."""

    time: float
    work: float


Runs = Sequence[Mapping[str, Took]]


def result(what: str, goal: str, found: Sequence[float]) -> Result:
    return Result(what, goal, statistics.median(found), min(found), max(found))


def rate(what: str, goal: str, runs: Runs, one: str, other: str) -> Result:
    """How many moves `one` makes while `other` makes one."""
    return result(what, goal, [run[other].time / run[one].time for run in runs])


def work(what: str, runs: Runs, one: str, other: str) -> Result:
    """The processor’s time of `one` against that of `other`, their processes alone: what a busy disk, or a busy machine, does not blur."""
    return result(what, "to compare", [run[one].work / run[other].work for run in runs])
