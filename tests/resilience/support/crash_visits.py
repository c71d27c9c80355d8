"""Visits the points at which a process can end: again and again from the same beginning, each time by another process."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.factories import a_council
from tests.resilience.support.crash_points import COMMITTED, DIED, is_in_doubt
from tests.resilience.support.faulty_smtp_server import FaultySmtpServer
from tests.resilience.support.fork_server import ForkServer, Outcome, copy_template
from tests.support.coverage_sampling import chance, cover
from web.council import Council

Choice = Callable[[list[str]], list[int]]
"""Which of the points that come by are visited."""


@dataclass(frozen=True)
class Visits:
    """Something to be done, again and again from the same beginning, each time by a process that ends at the next point."""

    fork_server: ForkServer
    faulty_smtp: FaultySmtpServer
    template: Path
    folder: Path
    now: datetime
    job: dict[str, Any]
    trouble: str = ""

    def whole(self) -> list[str]:
        """Done undisturbed: the points come by."""
        copy_template(self.template, self.folder)
        self.fork_server.rehearse(self.folder, self.now, **self.job)
        ended = self._run(None)
        assert ended.code == 0
        return ended.passed

    def at(self, points: list[str], chosen: Iterable[int]) -> Iterator[Outcome]:
        """It ends at each of the chosen points."""
        for at in chosen:
            ended = self._run(at)
            assert (ended.code, ended.died_at, ended.passed) == (DIED, points[at], points[:at])
            yield ended
        assert self._run(len(points)).code == 0, "there is a point more"

    def _run(self, ends_at: int | None) -> Outcome:
        copy_template(self.template, self.folder)
        self.faulty_smtp.forget()
        self.faulty_smtp.trouble = self.trouble
        ended = self.fork_server.run(self.folder, self.faulty_smtp.url, self.now, ends_at, **self.job)
        self.faulty_smtp.wait_until_quiet()
        self.faulty_smtp.trouble = ""
        return ended


def one_of_each_kind(points: list[str]) -> list[int]:
    """One of each verb, before or after it, with or without a commit or a doubtful email behind it; of each table written to."""

    def kind(at: int) -> tuple[str, ...]:
        passed = points[: at + 1]
        words = points[at].split()
        return (*words[: 2 if words[1] == "SELECT" else 4], str(COMMITTED in passed), str(is_in_doubt(passed)))

    return cover(range(len(points)), [kind], chance("crash points"))


def every_point(points: list[str]) -> list[int]:
    return list(range(len(points)))


def a_template(folder: Path, ready: Callable[[Council], Any]) -> Any:
    """A database to begin from, again and again; answers what `ready` does."""
    council = a_council(folder)
    made = ready(council)
    with council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    council.engine.dispose()
    return made
