"""The table at the end of a run: for each line of the bar the number wanted, the number seen, and the seconds it took."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from tests.support.durations import without_group

PROPERTY = "bar"


class Bar(Protocol):
    def __call__(self, line: str, *, wanted: int, seen: int) -> None: ...


Row = tuple[str, int, int, float, str]


def rows_of(reports: Mapping[str, Iterable[Any]]) -> list[Row]:
    """Line, wanted, seen, seconds and test, in the order of the bar; the parameters of one test are added up."""
    found: dict[tuple[str, str], Row] = {}
    for line, wanted, seen, seconds, test in _reported(reports):
        had = found.get((line, test), (line, 0, 0, 0.0, test))
        found[line, test] = (line, had[1] + wanted, had[2] + seen, had[3] + seconds, test)
    return sorted(found.values(), key=lambda row: (row[0][0], int(row[0][1:]), row[4]))


def _reported(reports: Mapping[str, Iterable[Any]]) -> Iterator[Row]:
    for report in (one for outcome in ("passed", "failed") for one in reports.get(outcome, ()) if one.when == "call"):
        test = without_group(report.nodeid).partition("::")[2].partition("[")[0]
        for name, value in report.user_properties:
            if name == PROPERTY:
                yield value[0], value[1], value[2], report.duration, test


def lines_of(rows: Iterable[Row]) -> Iterator[str]:
    yield f"{'line':<5}{'wanted':>9}{'seen':>9}{'seconds':>9}  test"
    for line, wanted, seen, seconds, test in rows:
        yield f"{line:<5}{wanted:>9,}{seen:>9,}{seconds:>9.1f}  {test}{'  NOT REACHED' * (seen < wanted)}"
