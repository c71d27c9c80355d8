"""Log lines hold classes and locations, never text: an exception’s message and a traceback may quote case text."""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime

from flask import Flask

from web.request.log_context import LOG_CONTEXT

REQUEST_FIELDS = ("request_id", "method", "endpoint", "status", "duration_ms", "reference", "refusal", "account")
LOG = logging.getLogger("practice_audit")


class RedactExceptions(logging.Filter):
    """Replace an exception by its class and where it was raised."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            record.msg, record.args = "unexpected %s in %s", (type(error).__name__, location_of(error))
        elif isinstance(record.args, tuple):
            record.args = tuple(type(one).__name__ if isinstance(one, BaseException) else one for one in record.args)
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line with these fields only: what a library adds to a record is left out."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"time": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if context := LOG_CONTEXT.get():
            line |= {name: value for name in REQUEST_FIELDS if (value := getattr(context, name))}
        return json.dumps(line)


def location_of(error: BaseException) -> str:
    """Return `function line 12`, where the error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name} line {frames[-1].lineno}" if frames else "an unknown location"


def redact_library_logs(app: Flask) -> None:
    """Flask and gunicorn log a traceback where the error page fails too; psycopg quotes a row that was refused."""
    for logger in (app.logger, logging.getLogger("gunicorn.error"), logging.getLogger("psycopg")):
        if not any(isinstance(one, RedactExceptions) for one in logger.filters):
            logger.addFilter(RedactExceptions())


def configure_logging(*, is_production: bool) -> None:
    """Log to stderr for the whole process: the lines of every library, and what Python itself would print."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if is_production else logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    handler.addFilter(RedactExceptions())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in ("alembic", "apscheduler"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    # Python would print a line that can’t be formatted with all of its arguments.
    logging.raiseExceptions = not is_production
    sys.excepthook = lambda _kind, error, _trace: _log_fatal(error)
    threading.excepthook = lambda args: _log_fatal(args.exc_value)


def _log_fatal(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, KeyboardInterrupt):
        LOG.critical("unexpected %s in %s", type(error).__name__, location_of(error))
