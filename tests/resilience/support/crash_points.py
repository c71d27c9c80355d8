"""Every point at which a process can end: before and after each statement, each commit, and each verb and reply of SMTP.

A process ends there for good: `os._exit`, so nothing is rolled back, flushed, closed or said.
"""

import json
import os
import smtplib
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event

DIED = 9
DOT = b".\r\n"
AFTER_THE_DOT, COMMITTED = "after the final dot", "after COMMIT"


class CrashPoints:
    """Counts the points that a process comes by, and ends it at one of them; tells through a pipe which they were."""

    def __init__(self, ends_at: int | None, tells: int) -> None:
        self.ends_at, self.tells = ends_at, tells
        self.passed: list[str] = []

    def reached(self, point: str) -> None:
        if len(self.passed) == self.ends_at:
            self.tell(point)
            os._exit(DIED)
        self.passed.append(point)

    def tell(self, died_at: str = "") -> None:
        os.write(self.tells, json.dumps({"died_at": died_at, "passed": self.passed}).encode())


def watch_statements(engine: Engine, points: CrashPoints) -> None:
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: points.reached(f"before {_short(statement)}"))
    event.listen(engine, "after_cursor_execute", lambda _c, _cursor, statement, *_: points.reached(f"after {_short(statement)}"))
    dialect: Any = engine.dialect
    for name, verb in (("do_commit", "COMMIT"), ("do_rollback", "ROLLBACK")):
        setattr(dialect, name, _between(getattr(dialect, name), verb, points))


def watch_smtp(points: CrashPoints) -> None:
    """By the library that speaks SMTP: what it sends, and what it hears."""
    smtp: Any = smtplib.SMTP
    send, hear, connect = smtp.send, smtp.getreply, smtp._get_socket
    smtp._get_socket = _between(connect, "the connection", points)

    def sends(self: Any, words: bytes | str) -> None:
        if isinstance(words, bytes) and words.endswith(b"\r\n" + DOT):
            _between(send, "the body", points)(self, words[: -len(DOT)])
            _between(send, "the final dot", points)(self, DOT)
        else:
            verb = words.split()[0]
            _between(send, verb.decode() if isinstance(verb, bytes) else verb.upper(), points)(self, words)

    smtp.send, smtp.getreply = sends, _between(hear, "the answer", points)


def _between(does: Callable[..., Any], what: str, points: CrashPoints) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        points.reached(f"before {what}")
        answer = does(*args, **kwargs)
        points.reached(f"after {what}")
        return answer

    return watched


def is_in_doubt(reached: list[str]) -> bool:
    """Whether it ended between an email’s final dot and the commit that records it, so that the next process can’t know the outcome."""
    sent_at = max((at for at, point in enumerate(reached) if point == AFTER_THE_DOT), default=None)
    return sent_at is not None and COMMITTED not in reached[sent_at:]


def _short(statement: str) -> str:
    return " ".join(statement.split())[:60]
