"""Sharing while a section is being saved ends as if one had come after the other, whichever it was."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.factories import House, a_house, an_audit
from web.cli.verify_history import every_reference, first_break
from web.council import Council
from workflow.commands import audit_moves, drafting
from workflow.errors import PermissionDenied

TIMES, ON_ONE = 2_000, 50


def test_a_share_racing_a_save_equals_some_serial_order(council: Council) -> None:
    house = a_house(council)
    races = [_races(house, an_audit(house, at="graded")) for _ in range(TIMES // ON_ONE)]
    assert first_break(council, every_reference(council)) == ""
    print(f"{council.engine.dialect.name}: {TIMES} races, the save came first in {sum(races)}")


def _races(house: House, reference: str) -> int:
    """How often the save came first, on one audit shared and returned again and again."""
    auditor, ppqa = house.person("auditor"), house.person("hos.ppqa")
    barrier, saved_first, sealed = Barrier(2), 0, "Seen on the file."

    def save(text: str) -> bool:
        version, answers, context = (
            house.audit(reference).version,
            {"grade": "good", "evidence": text, "impact": "Safer."},
            house.command_context(),
        )
        barrier.wait()
        try:
            drafting.save_section(context, auditor, reference, "area_1", answers, version)
        except PermissionDenied:
            return False
        return True

    def share() -> None:
        context = house.command_context()
        barrier.wait()
        audit_moves.share(context, auditor, reference)

    with ThreadPoolExecutor(2) as pool:
        for n in range(ON_ONE):
            saving, sharing = pool.submit(save, f"Text {n}."), pool.submit(share)
            sharing.result()
            was_saved = saving.result()
            sealed = f"Text {n}." if was_saved else sealed
            saved_first += was_saved
            assert _sealed_now(house, reference) == sealed == house.audit(reference).answer("area_1", "evidence")
            audit_moves.return_for_correction(house.command_context(), ppqa, reference, "Again.")
    return saved_first


def _sealed_now(house: House, reference: str) -> str:
    seal = max(house.store.seals(house.audit(reference)), key=lambda seal: seal.edition)
    words: str = json.loads(seal.content)["sections"]["area_1"]["evidence"]
    return words
