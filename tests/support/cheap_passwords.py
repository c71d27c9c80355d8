"""Password hashes that cost next to nothing, so that signing in is cheap in tests of something else.

They are in force in every test that is not marked `real_passwords`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.low_level import Type
from passlib.hash import argon2

from web.cli import demo_data

REAL = {"default_rounds": argon2.default_rounds, "memory_cost": argon2.memory_cost, "parallelism": argon2.parallelism}
CHEAP = {"default_rounds": 1, "memory_cost": 8, "parallelism": 1}


def cheap_hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)


def use_cheap_passwords() -> None:
    """Those that Flask-Security makes, and those of the demo council; a check costs what its hash says."""
    _use(CHEAP, cheap_hasher)


@contextmanager
def real_passwords() -> Iterator[None]:
    _use(REAL, PasswordHasher)
    try:
        yield
    finally:
        use_cheap_passwords()


def are_passwords_real() -> bool:
    return bool(argon2.memory_cost == REAL["memory_cost"])


def _use(cost: dict[str, int], hasher: object) -> None:
    for name, value in cost.items():
        setattr(argon2, name, value)
    setattr(demo_data, "PasswordHasher", hasher)  # noqa: B010 (mypy would have a class here)
