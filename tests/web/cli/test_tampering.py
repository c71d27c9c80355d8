"""Each kind of tampering at many places: all are found, and the audit is named."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.factories import World, an_audit
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from tests.web.cli.support.kinds_of_tampering import OF_THE_HISTORY, OF_WHAT_READERS_SEE, SEEN_FROM_OUTSIDE
from tests.web.cli.support.tampering import Tampered, a_rich_audit, tampering, walked_with_snapshots, without_digests
from tests.web.support.tampering import is_whole, keep
from web.cli.checkpoints import find_break_of_logs
from web.cli.verify_history import list_references
from web.council import Council

KINDS = {**OF_THE_HISTORY, **OF_WHAT_READERS_SEE}
FEW, PLACES = 4, 200
Step = Callable[[Tampered], None]


def test_each_kind_of_tampering_is_found(council: Council, world: World, bar: Bar) -> None:
    some_audits(world)
    bar("L1", wanted=FEW * len(KINDS), seen=_found(KINDS, council, FEW))


@pytest.mark.long
def test_each_kind_of_tampering_is_found_at_200_places(council: Council, world: World, bar: Bar) -> None:
    some_audits(world)
    bar("L1", wanted=PLACES * len(KINDS), seen=_found(KINDS, council, PLACES))


def test_it_is_found_where_its_digest_was_made_again(council: Council, world: World, bar: Bar) -> None:
    some_audits(world)
    bar("L1", wanted=FEW * len(OF_WHAT_READERS_SEE), seen=_found(OF_WHAT_READERS_SEE, council, FEW, then=_stamp_all))


def test_it_is_found_in_audits_from_before_there_were_digests(council: Council, world: World, bar: Bar) -> None:
    some_audits(world)
    seen = _found(OF_WHAT_READERS_SEE, council, FEW, first=_make_old, then=_stamp_all)
    bar("L1", wanted=FEW * len(OF_WHAT_READERS_SEE), seen=seen)


def test_a_checkpoint_shows_what_nothing_inside_does(council: Council, world: World, tmp_path: Path, bar: Bar) -> None:
    bar("L1", wanted=FEW * len(SEEN_FROM_OUTSIDE), seen=_found_by_checkpoint(council, world, tmp_path, FEW))


@pytest.mark.long
def test_a_checkpoint_shows_what_nothing_inside_does_at_200_places(council: Council, world: World, tmp_path: Path, bar: Bar) -> None:
    bar("L1", wanted=PLACES * len(SEEN_FROM_OUTSIDE), seen=_found_by_checkpoint(council, world, tmp_path, PLACES))


def _found_by_checkpoint(council: Council, world: World, folder: Path, places: int) -> int:
    some_audits(world)
    reference, snapshots = walked_with_snapshots(council, world)
    checkpoint, seen = keep(council, folder, names=None), 0
    with tampering(council) as there:
        there.snapshots = {reference: snapshots}
        for kind, do in SEEN_FROM_OUTSIDE.items():
            for place in range(places):
                with there.one_change():
                    changed = do(there, chance(f"tampering, {kind}, {place}"))
                    inside, outside = is_whole(there.council), find_break_of_logs(there.council, checkpoint)
                assert inside, kind
                assert outside.startswith(f"{changed}: row "), (kind, outside)
                seen += 1
    return seen


def _found(kinds: Iterable[str], council: Council, places: int, first: Step = lambda _: None, then: Step = lambda _: None) -> int:
    with tampering(council) as there:
        first(there)
        assert there.verify(*list_references(there.council)) == ""
        return sum(_is_found(there, kind, chance(f"tampering, {kind}, {place}"), then) for kind in kinds for place in range(places))


def _is_found(there: Tampered, kind: str, dice: random.Random, then: Step) -> bool:
    with there.one_change():
        reference = KINDS[kind](there, dice)
        then(there)
        found = there.verify(*list_references(there.council))
    assert found.startswith(f"{reference}: "), (kind, reference, found)
    return True


def _stamp_all(there: Tampered) -> None:
    for reference in list_references(there.council):
        there.stamp(reference)


def _make_old(there: Tampered) -> None:
    for audit in there.rows("audits"):
        there.relink(audit["id"], without_digests)


def some_audits(world: World) -> None:
    an_audit(world, "moderated", grade="outstanding")
    a_rich_audit(world)
    an_audit(world, "actions_closed", grade="inadequate")
    an_audit(world, "shared")
