"""The jobs that a scheduler runs: a name, a function, an interval in seconds. A job that fails is logged and runs again at its next time."""

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
        except Exception as error:  # noqa: BLE001 (the next tick tries again; the message may contain case text)
            LOG.error("tick %s failed: %s", name, type(error).__name__)  # noqa: TRY400 (a traceback would quote)

    return tick


class OneAtATime:
    """A call while the job runs returns at once, and makes the job run again afterwards, so that nothing is missed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._running, self._is_wanted = Lock(), Event()

    def __call__(self) -> None:
        self._is_wanted.set()
        while self._is_wanted.is_set() and self._running.acquire(blocking=False):
            try:
                self._is_wanted.clear()
                self.job()
            finally:
                self._running.release()
