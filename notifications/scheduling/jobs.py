"""What a clockwork runs: named jobs, each every so many seconds. A job that fails is said by its kind, and run again at its next time."""

import logging
from collections.abc import Callable, Mapping
from threading import Event, Lock

LOG = logging.getLogger("practice_audit.schedule")
Job = Callable[[], None]
Jobs = Mapping[str, tuple[Job, int]]


def log_failures(name: str, job: Job) -> Job:
    def tick() -> None:
        try:
            job()
        except Exception as error:  # noqa: BLE001 (the next tick tries again; the words may be of a case)
            LOG.error("tick %s failed: %s", name, type(error).__name__)  # noqa: TRY400 (a traceback would quote)

    return tick


class OneAtATime:
    """Whoever calls while it runs has it run once more afterwards, and does not wait: nothing that was there by then is missed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._running, self._asked = Lock(), Event()

    def __call__(self) -> None:
        self._asked.set()
        while self._asked.is_set() and self._running.acquire(blocking=False):
            try:
                self._asked.clear()
                self.job()
            finally:
                self._running.release()
