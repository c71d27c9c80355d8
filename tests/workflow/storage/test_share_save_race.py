"""Sharing while a section is being saved ends as if one had come after the other."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.factories import World, a_world, an_audit
from tests.support.bar_table import Bar
from web.cli.verify_history import find_first_break, list_references
from web.council import Council
from workflow.commands import audit_moves, drafting
from workflow.errors import PermissionDenied

TIMES, FEWER, ON_ONE = 2_000, 300, 50


def test_a_share_racing_a_save_equals_some_serial_order(council: Council, bar: Bar) -> None:
    bar("E2", wanted=FEWER, seen=_race(council, FEWER))


@pytest.mark.long
def test_two_thousand_races_of_a_share_and_a_save_equal_some_serial_order(council: Council, bar: Bar) -> None:
    bar("E2", wanted=TIMES, seen=_race(council, TIMES))


def _race(council: Council, times: int) -> int:
    world = a_world(council)
    saved_first = sum(_races(world, an_audit(world, at="graded")) for _ in range(times // ON_ONE))
    assert find_first_break(council, list_references(council)) == ""
    print(f"{council.engine.dialect.name}: {times} races, the save came first in {saved_first}")
    return times


def _save(world: World, reference: str, text: str, start: Barrier) -> bool:
    """Whether it was saved: once shared it is refused."""
    version, context, auditor = world.audit(reference).version, world.command_context(), world.person("auditor")
    given = {"grade": "good", "evidence": text, "impact": "Safer."}
    start.wait()
    try:
        drafting.save_section(context, auditor, reference, "area_1", given, version)
    except PermissionDenied:
        return False
    return True


def _share(world: World, reference: str, start: Barrier) -> None:
    context, auditor = world.command_context(), world.person("auditor")
    start.wait()
    audit_moves.share(context, auditor, reference)


def _races(world: World, reference: str) -> int:
    """How often the save came first, on one audit shared and returned again and again."""
    ppqa, start, saved_first, sealed = world.person("hos.ppqa"), Barrier(2), 0, "Seen on the file."
    with ThreadPoolExecutor(2) as pool:
        for n in range(ON_ONE):
            saving, sharing = pool.submit(_save, world, reference, f"Text {n}.", start), pool.submit(_share, world, reference, start)
            sharing.result()
            was_saved = saving.result()
            sealed = f"Text {n}." if was_saved else sealed
            saved_first += was_saved
            assert _sealed_now(world, reference) == sealed == world.audit(reference).answer("area_1", "evidence")
            audit_moves.return_for_correction(world.command_context(), ppqa, reference, "Again.")
    return saved_first


def _sealed_now(world: World, reference: str) -> str:
    seal = max(world.store.seals(world.audit(reference)), key=lambda seal: seal.edition)
    words: str = json.loads(seal.content)["sections"]["area_1"]["evidence"]
    return words
