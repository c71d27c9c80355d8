"""The sample of an exhaustive test shows every pair, is small, and is another one on another day."""

from itertools import combinations, product
from random import Random

import pytest

from tests.support.coverage_sampling import VARIABLE, chance, cover, cover_pairs

Cell = tuple[int, ...]
CELLS: list[Cell] = list(product(range(9), range(7), range(5), range(3)))
AXES = [lambda cell, at=at: cell[at] for at in range(4)]


def pairs(cells: list[Cell]) -> set[tuple[int, int, int, int]]:
    return {(one, other, cell[one], cell[other]) for cell in cells for one, other in combinations(range(4), 2)}


@pytest.mark.parametrize("seed", range(5))
def test_every_pair_of_all_cells_is_in_the_sample(seed: int) -> None:
    chosen = cover_pairs(CELLS, AXES, Random(seed))
    assert pairs(chosen) == pairs(CELLS)
    assert 9 * 7 <= len(chosen) < len(CELLS) // 6
    assert chosen == sorted(set(chosen))


def test_pairs_that_never_meet_are_not_asked_for() -> None:
    some = [cell for cell in CELLS if cell[0] != cell[1]]
    assert pairs(cover_pairs(some, AXES, Random(1))) == pairs(some)


def test_a_value_found_once_is_in_the_sample() -> None:
    assert (8, 6, 4, 2) in cover(CELLS, [lambda cell: cell == (8, 6, 4, 2)], Random(1))


def test_the_choice_is_repeated_by_its_seed_and_differs_by_day_and_test(monkeypatch: pytest.MonkeyPatch) -> None:
    choices = []
    for day, name in ((1, "a"), (1, "a"), (2, "a"), (1, "b")):
        monkeypatch.setenv(VARIABLE, str(day))
        choices.append(cover_pairs(CELLS, AXES, chance(name)))
    assert choices[0] == choices[1]
    assert choices[0] not in choices[2:]
