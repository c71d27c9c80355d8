"""Sharing while a section is being saved ends as if one had come after the other, whichever it was."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.factories import World, a_world, an_audit
from web.cli.verify_history import every_reference, first_break
from web.council import Council
from workflow.commands import audit_moves, drafting
from workflow.errors import PermissionDenied

TIMES, ON_ONE = 2_000, 50


def test_a_share_racing_a_save_equals_some_serial_order(council: Council) -> None:
    world = a_world(council)
    races = [_races(world, an_audit(world, at="graded")) for _ in range(TIMES // ON_ONE)]
    assert first_break(council, every_reference(council)) == ""
    print(f"{council.engine.dialect.name}: {TIMES} races, the save came first in {sum(races)}")


def _races(world: World, reference: str) -> int:
    """How often the save came first, on one audit shared and returned again and again."""
    auditor, ppqa = world.person("auditor"), world.person("hos.ppqa")
    barrier, saved_first, sealed = Barrier(2), 0, "Seen on the file."

    def save(text: str) -> bool:
        version, answers, context = (
            world.audit(reference).version,
            {"grade": "good", "evidence": text, "impact": "Safer."},
            world.command_context(),
        )
        barrier.wait()
        try:
            drafting.save_section(context, auditor, reference, "area_1", answers, version)
        except PermissionDenied:
            return False
        return True

    def share() -> None:
        context = world.command_context()
        barrier.wait()
        audit_moves.share(context, auditor, reference)

    with ThreadPoolExecutor(2) as pool:
        for n in range(ON_ONE):
            saving, sharing = pool.submit(save, f"Text {n}."), pool.submit(share)
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
