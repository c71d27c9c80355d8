"""Everything that a service says besides its answers: each line that any part of it logs, at the most talkative it can be."""

import html
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers

from web.request.logging_setup import JsonLines, RedactExceptions

CANARY = re.compile(r"quillfeather\d+", re.IGNORECASE)
"""A word that stands nowhere else; a number says which field it was typed into."""
LINKS = re.compile(r"""\b(?:href|src|action|formaction|data-autosave|data-stay)\s*=\s*["']?([^"'>]+)""")


class Lines(logging.Handler):
    """As a careless operator would write them: exceptions with their tracebacks, to a handler that filters nothing.

    And beside it as production does, one JSON object a line.
    """

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(pathname)s %(funcName)s"))
        self.said: list[str] = []
        self.json, self.kinds = JsonLines(), RedactExceptions()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))
        seen = copy(record)
        self.kinds.filter(seen)
        self.said.append(self.json.format(seen))


@contextmanager
def every_line_of_the_service() -> Iterator[list[str]]:
    """As much as the service says itself, where nobody asks for more."""
    lines, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.INFO)
    try:
        yield lines.said
    finally:
        root.removeHandler(lines)
        root.setLevel(level)


@contextmanager
def every_line() -> Iterator[list[str]]:
    """Of all loggers, those of libraries included, at DEBUG."""
    lines, root = Lines(), logging.getLogger()
    # By name, for a library makes more of its own as it goes.
    names = {*logging.root.manager.loggerDict, "flask", "web.app", "werkzeug", "gunicorn.error", "sqlalchemy", "sqlalchemy.engine.Engine",
             "sqlalchemy.pool", "alembic", "apscheduler", "smtplib", "mail.log", "practice_audit"}  # fmt: skip
    loggers = [root, *map(logging.getLogger, sorted(names))]
    levels = [(logger, logger.level, logger.disabled) for logger in loggers]
    root.addHandler(lines)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.disabled = False
    try:
        yield lines.said
    finally:
        root.removeHandler(lines)
        for logger, level, is_disabled in levels:
            logger.setLevel(level)
            logger.disabled = is_disabled


@dataclass
class Heard:
    """Headers, titles, addresses, and pages that hold no case text at all."""

    answers: int = 0
    leaks: list[str] = field(default_factory=list)

    def hear(self, where: str, headers: Headers, body: str, *, is_wordless: bool = False) -> None:
        self.answers += 1
        self._look(f"a header of {where}", "\n".join(f"{name}: {value}" for name, value in headers))
        self._look(f"the title of {where}", " ".join(re.findall(r"<title>(.*?)</title>", body, re.DOTALL)))
        self._look(f"a link of {where}", html.unescape(" ".join(LINKS.findall(body))))
        if is_wordless:
            self._look(where, body)

    def _look(self, where: str, text: str) -> None:
        self.leaks += [f"{one} in {where}" for one in sorted(set(CANARY.findall(text)))]
