"""What a log line may hold: kinds and places, never words. An exception’s text, and a traceback, may quote the case."""

import logging
import traceback

from flask import Flask


class OnlyKinds(logging.Filter):
    """Whatever is logged with an exception says its kind and where it was, and nothing else."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            record.msg, record.args = "unexpected %s in %s", (type(error).__name__, place_of(error))
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


def place_of(error: BaseException) -> str:
    """`function line 12`, of where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name} line {frames[-1].lineno}" if frames else "an unknown place"


def init_log(app: Flask) -> None:
    """Flask and waitress write a traceback where even an error’s own page fails."""
    for logger in (app.logger, logging.getLogger("waitress")):
        if not any(isinstance(one, OnlyKinds) for one in logger.filters):
            logger.addFilter(OnlyKinds())


def start_log() -> None:
    """To stderr, for the whole process; no line of any library gets past."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It warns of every request that waits a moment for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(OnlyKinds())
