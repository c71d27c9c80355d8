"""Chooses from an exhaustive set the few cells that still show every pair of values, others each day.

The seed is the day’s number; TEST_SEED repeats the choice of another day. It is printed at the head of each run.
"""

import os
import random
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from itertools import combinations
from typing import TypeVar

Cell = TypeVar("Cell")
Axis = Callable[[Cell], Hashable]
VARIABLE = "TEST_SEED"


def seed() -> int:
    """Fixed in the environment at the first call, so that workers that start after midnight choose the same."""
    return int(os.environ.setdefault(VARIABLE, str(date.today().toordinal())))


def chance(name: str) -> random.Random:
    """Today’s, for one test."""
    return random.Random(f"{seed()}/{name}")


def cover(cells: Iterable[Cell], by: Sequence[Axis[Cell]], chance: random.Random) -> list[Cell]:
    """A small part of the cells, in their order, that shows every value which `by` finds in all of them."""
    every = list(cells)
    order = chance.sample(range(len(every)), len(every))
    chosen: set[int] = set()
    for axis in sorted(by, key=lambda axis: -len({axis(cell) for cell in every})):
        shown = {axis(every[at]) for at in chosen}
        for at in order:
            if (value := axis(every[at])) not in shown:
                shown.add(value)
                chosen.add(at)
    return [every[at] for at in sorted(chosen)]


def cover_pairs(cells: Iterable[Cell], axes: Sequence[Axis[Cell]], chance: random.Random) -> list[Cell]:
    """A small part of the cells in which every two values that meet in a cell meet again."""
    return cover(cells, [_pair(one, other) for one, other in combinations(axes, 2)], chance)


def _pair(one: Axis[Cell], other: Axis[Cell]) -> Axis[Cell]:
    return lambda cell: (one(cell), other(cell))
