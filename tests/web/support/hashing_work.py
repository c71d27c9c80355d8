"""Counts the slow work of a request, which takes the time that an attacker could measure."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from argon2 import low_level
from flask_security import recoverable

from web.identity.credentials import passwords

SLOW = ((low_level, "hash_secret"), (low_level, "verify_secret"), (recoverable, "hash_data"), (passwords, "encrypt"))


@contextmanager
def slow_work() -> Iterator[list[str]]:
    """The name of each slow function as it is called; for a check of a password, with the cost that its hash asks for."""
    done: list[str] = []
    with ExitStack() as stack:
        for module, name in SLOW:
            stack.enter_context(patch.object(module, name, _counted(getattr(module, name), done)))
        yield done


def _counted(function: Callable[..., Any], done: list[str]) -> Callable[..., Any]:
    def call(*given: Any, **more: Any) -> Any:
        cost = given[0].split(b"$")[3].decode() if function.__name__ == "verify_secret" else ""
        done.append(f"{function.__name__} {cost}".strip())
        return function(*given, **more)

    return call
