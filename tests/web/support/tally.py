"""Counts what was tried for one line of the bar."""

from tests.support.bar_table import Bar


class Tally:
    """What was tried, and what went otherwise than it should."""

    def __init__(self, bar: Bar, line: str) -> None:
        self.bar, self.line = bar, line
        self.tried, self.wrong, self.is_done = 0, list[str](), False

    def says(self, is_accepted: bool, *words: object, right: bool = False) -> None:
        self.tried += 1
        if is_accepted is not right:
            self.wrong.append(" / ".join(map(str, words)))

    def done(self) -> None:
        self.is_done = True
        self.bar(self.line, wanted=self.tried, seen=self.tried - len(self.wrong))
        assert not self.wrong, self.wrong
