"""What a log line may hold: kinds and places, never words. An exception’s text, and a traceback, may quote the case."""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime

from flask import Flask

from web.request.log_context import LOG_CONTEXT

REQUEST_FIELDS = ("request_id", "method", "endpoint", "status", "duration_ms", "reference", "refusal")
LOG = logging.getLogger("practice_audit")


class RedactExceptions(logging.Filter):
    """Whatever is logged with an exception says its kind and where it was, and nothing else."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            record.msg, record.args = "unexpected %s in %s", (type(error).__name__, location_of(error))
        elif isinstance(record.args, tuple):
            record.args = tuple(type(one).__name__ if isinstance(one, BaseException) else one for one in record.args)
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


class JsonLines(logging.Formatter):
    """One object a line, of these names and no other: what a library hangs on a record stays there."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, object] = {"time": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if asked := LOG_CONTEXT.get():
            said |= {name: value for name in REQUEST_FIELDS if (value := getattr(asked, name))}
        return json.dumps(said)


def location_of(error: BaseException) -> str:
    """`function line 12`, of where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name} line {frames[-1].lineno}" if frames else "an unknown place"


def redact_library_logs(app: Flask) -> None:
    """Flask and gunicorn write a traceback where even an error’s own page fails; psycopg quotes a row that was refused."""
    for logger in (app.logger, logging.getLogger("gunicorn.error"), logging.getLogger("psycopg")):
        if not any(isinstance(one, RedactExceptions) for one in logger.filters):
            logger.addFilter(RedactExceptions())


def configure_logging(*, is_production: bool) -> None:
    """To stderr, for the whole process; no line of any library gets past, nor what Python itself would print."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if is_production else logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    handler.addFilter(RedactExceptions())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("alembic", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # A line that can’t be made would be printed with all that was to stand in it.
    logging.raiseExceptions = not is_production
    sys.excepthook = lambda _kind, error, _trace: _ended_by(error)
    threading.excepthook = lambda said: _ended_by(said.exc_value)


def _ended_by(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt):
        LOG.critical("unexpected %s in %s", type(error).__name__, location_of(error))
