"""Anybody vanishes at any moment, in any way, again and again: each duty still has somebody, and the audit reaches its end or is known to stall."""

import os
from pathlib import Path
from random import Random

import pytest

from notifications.reminders.alerts import is_stalled
from tests.factories import DETAILS, RULES, World, a_council, a_world, an_audit, assign
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from tests.workflow.support.walk_at_random import VanishingWalk, add_spare_people
from web.cli.verify_history import find_first_break
from workflow.commands.audit_view import see
from workflow.duty_holders import duties_of
from workflow.errors import NotFound

WALKS, LONG_WALKS = 8, int(os.environ.get("VANISHING_WALKS", "500"))
STATES = ("draft", "practitioner_consulted", "graded", "shared", "moderated")


def test_people_vanish_at_random(tmp_path: Path, bar: Bar) -> None:
    _walk(WALKS, tmp_path, bar)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_people_vanish_at_random_for_long(tmp_path: Path, bar: Bar) -> None:
    _walk(LONG_WALKS, tmp_path, bar)


def _walk(walks: int, folder: Path, bar: Bar) -> None:
    ended, vanished = 0, 0
    for number in range(walks):
        council = a_council(folder / str(number))
        world, by_chance = a_world(council), chance(f"vanishing {number}")
        add_spare_people(world)
        walk = CheckedWalk(world, _begun(world, by_chance), by_chance)
        try:
            ended += walk.ends_or_stalls()
        except AssertionError as failure:
            raise AssertionError(f"walk {number} of {walk.grade}, after {walk.gone_people}: {failure}") from failure
        assert find_first_break(council, [walk.reference]) == ""
        vanished += len(walk.gone_people)
        council.engine.dispose()
    print(f"{walks} audits, {vanished} people vanished, {ended} reached their end, {walks - ended} stall, which is known")
    assert ended > walks / 2
    bar("W1", wanted=walks, seen=walks)


def _begun(world: World, by_chance: Random) -> str:
    reference = an_audit(world, by_chance.choice(STATES), grade=by_chance.choice(("good", "inadequate")), details=DETAILS)
    if world.audit(reference).state == "shared":
        assign(world, reference)
    return reference


class CheckedWalk(VanishingWalk):
    def vanished(self, email: str, way: str) -> None:
        """Rules, invariants 13 to 15."""
        directory = self.world.store.directory()
        person = directory.by_email(email)
        assert person is not None
        for one in duties_of(self.audit, directory):
            assert one.answers or is_stalled(self.audit, RULES, directory), f"nobody answers for {one.duty}, and nobody is told"
        if way in {"is imported as gone", "is connected"}:
            with pytest.raises(NotFound):
                see(self.world.command_context(), person, self.reference)
