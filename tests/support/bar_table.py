"""The table at the end of a run: for each line of the bar the number wanted, the number seen, and the seconds it took."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from tests.support.durations import without_group

PROPERTY = "bar"


class Bar(Protocol):
    def __call__(self, line: str, *, wanted: int, seen: int) -> None: ...


def rows_of(reports: Mapping[str, Iterable[Any]]) -> list[tuple[str, int, int, float, str]]:
    """Line, wanted, seen, seconds and test, in the order of the bar; of what passed or failed."""
    found = [
        (line, wanted, seen, report.duration, without_group(report.nodeid).partition("::")[2])
        for outcome in ("passed", "failed")
        for report in reports.get(outcome, ())
        if report.when == "call"
        for name, (line, wanted, seen) in (one for one in report.user_properties if one[0] == PROPERTY)
    ]
    return sorted(found, key=lambda row: (row[0][0], int(row[0][1:]), row[4]))


def lines_of(rows: Iterable[tuple[str, int, int, float, str]]) -> Iterator[str]:
    yield f"{'line':<5}{'wanted':>9}{'seen':>9}{'seconds':>9}  test"
    for line, wanted, seen, seconds, test in rows:
        yield f"{line:<5}{wanted:>9,}{seen:>9,}{seconds:>9.1f}  {test}{'  NOT REACHED' * (seen < wanted)}"
